"""How many bits two records say for being of one person, field by field."""

import math
from collections.abc import Mapping

from features.matching.comparison import EXACT, MISSING
from features.matching.model import FieldModel, Model
from features.matching.unit import Unit, Values, units_of


class Evidence:
    """Weighs pairs of values by a trained model.

    Parameters: `model`. What two values say is the log₂ of how much likelier their likeness is in one person's
    records than in two people's; equality counts by how rare the value is.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        self.units: tuple[Unit, ...] = units_of(model.compared)
        self._fields: Mapping[str, FieldModel] = {field.name: field for field in model.fields}
        self._exact = [[comparison.names.index(EXACT) for comparison in unit.comparisons] for unit in self.units]
        self._weights = [[_weights(self._fields[field.name]) for field in unit.fields] for unit in self.units]

    @property
    def n_fields(self) -> int:
        """How many fields there are."""
        return len(self._fields)

    def of(self, unit: int, left: Values, right: Values) -> tuple[float, ...]:
        """Bits of each field of a unit; NaN where a value is missing."""
        degrees = self.units[unit].degrees(left, right)
        return tuple(
            math.nan if degree == MISSING else self._bits(unit, place, degree, left[place])
            for place, degree in enumerate(degrees)
        )

    def _bits(self, unit: int, place: int, degree: int, value: str) -> float:
        if degree == self._exact[unit][place] and self.units[unit].comparisons[place].by_frequency:
            field = self._fields[self.units[unit].fields[place].name]
            return math.log2(field.m[degree] / field.share(value))
        return self._weights[unit][place][degree]


def _weights(field: FieldModel) -> list[float]:
    return [math.log2(m / u) for m, u in zip(field.m, field.u, strict=True)]
