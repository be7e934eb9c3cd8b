"""How many bits two records say for being of one person, field by field."""

import math
from collections.abc import Mapping

from features.matching.comparison import EXACT, Comparison
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
        self._exact = [list(map(_by_frequency, unit.comparisons)) for unit in self.units]
        self._weights = [[_weights(self._fields[field.name]) for field in unit.fields] for unit in self.units]

    @property
    def n_fields(self) -> int:
        """How many fields there are."""
        return len(self._fields)

    def of(self, unit: int, left: Values, right: Values) -> tuple[float, ...]:
        """Bits of each field of a unit; NaN where a value is missing."""
        exact, weights = self._exact[unit], self._weights[unit]
        degrees = self.units[unit].degrees(left, right)
        return tuple(
            [
                self._rarity(unit, place, degree, left[place]) if degree == exact[place] else weights[place][degree]
                for place, degree in enumerate(degrees)
            ]
        )

    def _rarity(self, unit: int, place: int, degree: int, value: str) -> float:
        """Bits of equality, by how rare the value is."""
        field = self._fields[self.units[unit].fields[place].name]
        return math.log2(field.m[degree] / field.share(value))


def _by_frequency(comparison: Comparison) -> int | None:
    """The degree that counts by how rare the value is; None where none does."""
    return comparison.names.index(EXACT) if comparison.by_frequency else None


def _weights(field: FieldModel) -> list[float]:
    """Of each degree; the last, which MISSING finds, says nothing."""
    return [*(math.log2(m / u) for m, u in zip(field.m, field.u, strict=True)), math.nan]
