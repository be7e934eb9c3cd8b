"""One column of a mapped file: its type, what counts as missing, and the words it is translated into."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from features.mapping.conversion import PLAIN, Convert, decimal_comma, moments
from features.rejection import RejectedEventError, shown

UNREADABLE = (ValueError, TypeError, OverflowError, AttributeError)
"""What a conversion raises of a value that it cannot read."""


@dataclass(frozen=True, slots=True)
class Column:
    """How a column is read.

    Parameters: `missing`, texts that say nothing; `form` and `zone`, of a timestamp; `comma`, numbers are written with
    a decimal comma; `words`, translations; `rule`, where this is declared, for whoever reads a reject.
    """

    name: str
    type: str = "text"
    missing: frozenset[str] = frozenset()
    form: str = ""
    zone: str = ""
    comma: bool = False
    words: Mapping[str, Any] = field(default_factory=dict)
    rule: str = ""

    @property
    def allowed(self) -> str:
        """What the column may hold, in words."""
        if self.type == "timestamp":
            return f"a moment written {self.form or 'as ISO 8601'}" + ("" if self.zone else " with its UTC offset")
        return PLAIN[self.type][1]

    def converter(self) -> Convert:
        """The function that reads a value that is not missing."""
        if self.type == "timestamp":
            read = moments(self.form, self.zone)
        else:
            read = decimal_comma if self.comma and self.type == "number" else PLAIN[self.type][0]
        words = self.words
        return (lambda value: words[value] if value in words else read(value)) if words else read

    def refusal(self, value: object) -> RejectedEventError:
        """The error of a value that cannot be read."""
        where = f" ({self.rule})" if self.rule else ""
        return RejectedEventError(
            "invalid_value", self.name, f"{self.name} is {shown(value)}; {self.allowed} is allowed{where}"
        )


class Reader:
    """Reads one column of many rows. Parameters: `column`."""

    def __init__(self, column: Column) -> None:
        self.column = column
        self._convert = column.converter()
        self._missing = column.missing | {""}

    def read(self, values: tuple[Any, ...], refused: dict[int, RejectedEventError]) -> list[Any]:
        """The values read, None where there is none; what cannot be read is noted in `refused` by its place."""
        try:
            return [self._read(value) for value in values]
        except UNREADABLE:
            return [self._one(place, value, refused) for place, value in enumerate(values)]

    def _read(self, value: Any) -> Any:
        missing = value is None or (value.__class__ is str and value in self._missing)
        return None if missing else self._convert(value)

    def _one(self, place: int, value: Any, refused: dict[int, RejectedEventError]) -> Any:
        try:
            return self._read(value)
        except UNREADABLE:
            refused.setdefault(place, self.column.refusal(value))
            return None
