"""Evidence for many pairs of a table at once: every pair of values is weighed once."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.matching.candidate import Places
from features.matching.evidence import Evidence
from features.matching.people import People
from features.matching.unit import Unit, Values

Bits = NDArray[np.float64]


class Weighing:
    """The evidence of a table's pairs of records.

    Parameters: `people`, the records; `evidence`, how their values are weighed.
    """

    def __init__(self, people: People, evidence: Evidence) -> None:
        self._columns = [_Column(people, evidence, unit) for unit in range(len(evidence.units))]

    def bits(self, first: Places, second: Places) -> Bits:
        """Bits by field, (n_pairs, n_fields), NaN where a value is missing."""
        return np.hstack([column.bits(first, second) for column in self._columns])


class _Column:
    """One unit's values, numbered, and what pairs of them were found to say."""

    def __init__(self, people: People, evidence: Evidence, unit: int) -> None:
        self._evidence, self._unit = evidence, unit
        self._values, self._code = numbered(people, evidence.units[unit])
        self._known: dict[int, tuple[float, ...]] = {}

    def bits(self, first: Places, second: Places) -> Bits:
        a, b = self._code[first], self._code[second]
        keys, back = np.unique(np.minimum(a, b) * len(self._values) + np.maximum(a, b), return_inverse=True)
        width = len(self._evidence.units[self._unit].fields)
        return np.array([self._weighed(key) for key in keys.tolist()]).reshape(-1, width)[back]

    def _weighed(self, key: int) -> tuple[float, ...]:
        found = self._known.get(key)
        if found is None:
            left, right = divmod(key, len(self._values))
            found = self._evidence.of(self._unit, self._values[left], self._values[right])
            self._known[key] = found
        return found


def numbered(people: People, unit: Unit) -> tuple[list[Values], Places]:
    """The different values of a unit, and the number of each record's, (n,)."""
    columns: Sequence[Sequence[str]] = [people.values[field.name] for field in unit.fields]
    numbers: dict[Values, int] = {}
    codes = [numbers.setdefault(values, len(numbers)) for values in zip(*columns, strict=True)]
    return list(numbers), np.array(codes, dtype=np.int64)
