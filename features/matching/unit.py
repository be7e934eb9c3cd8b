"""Units of comparison: one field by itself, or given name and surname together."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from features.matching.comparison import MISSING, Comparison
from features.matching.comparison_names import GIVEN, SURNAME, names_degrees
from features.matching.configuration import COMPARISONS
from features.matching.people import Field

Values = tuple[str, ...]
Degrees = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unit:
    """Fields that are compared together.

    Parameters: `fields`; `comparisons`, one for each field; `degrees`, of two tuples of values, -1 where missing.
    """

    fields: tuple[Field, ...]
    comparisons: tuple[Comparison, ...]
    degrees: Callable[[Values, Values], Degrees]


def units_of(fields: Sequence[Field]) -> tuple[Unit, ...]:
    """The units of a table: its first given name with its first surname, every other field alone."""
    given, surname = _first(fields, "given"), _first(fields, "surname")
    if given is None or surname is None:
        return tuple(map(_alone, fields))
    rest = [field for field in fields if field not in (given, surname)]
    return (Unit((given, surname), (GIVEN, SURNAME), _of_names), *map(_alone, rest))


def _first(fields: Sequence[Field], kind: str) -> Field | None:
    return next((field for field in fields if field.kind == kind), None)


def _alone(field: Field) -> Unit:
    comparison = COMPARISONS[field.kind]

    def degrees(left: Values, right: Values) -> Degrees:
        return (comparison.degree(left[0], right[0]) if left[0] and right[0] else MISSING,)

    return Unit((field,), (comparison,), degrees)


def _of_names(left: Values, right: Values) -> Degrees:
    return names_degrees((left[0], left[1]), (right[0], right[1]))
