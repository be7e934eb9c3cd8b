"""What one field must hold: its type, whether it must be there, its range, its words, its pattern."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from features.rejection import RejectedEventError, shown


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_integer(value: object) -> bool:
    return _is_number(value) and (isinstance(value, int) or float(str(value)).is_integer())


def _is_moment(value: object) -> bool:
    if isinstance(value, datetime):
        return value.tzinfo is not None
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


TYPES: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "text": (_is_text, "a text"),
    "number": (_is_number, "a number"),
    "integer": (_is_integer, "a whole number"),
    "boolean": (lambda value: isinstance(value, bool), "true or false"),
    "timestamp": (_is_moment, "an ISO 8601 time with its UTC offset"),
    "list": (lambda value: isinstance(value, list | tuple), "a list"),
    "object": (lambda value: isinstance(value, Mapping), "an object"),
}
"""The types of fields: how a value is told, and what is allowed, in words."""
RANGED = ("number", "integer")


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of a contract or of a table.

    Parameters: `type`, of `TYPES` ("": any); `one_of`, the words allowed (empty: any); `pattern`, which the whole text
    must match; `declared_at`, file and line.
    """

    name: str
    type: str = ""
    required: bool = False
    minimum: float | None = None
    maximum: float | None = None
    one_of: tuple[Any, ...] = ()
    pattern: str = ""
    declared_at: str = ""

    def checks(self) -> list[tuple[str, Callable[[Any], bool], str]]:
        """What is asked of a value that is there: code, test, and what is allowed; in this order."""
        asked: list[tuple[str, Callable[[Any], bool], str]] = []
        if self.type:
            asked.append(("wrong_type", *TYPES[self.type]))
        if (low := self.minimum) is not None:
            asked.append(("out_of_range", lambda value: value >= low, f"at least {low:g}"))
        if (high := self.maximum) is not None:
            asked.append(("out_of_range", lambda value: value <= high, f"at most {high:g}"))
        if words := frozenset(self.one_of):
            asked.append(
                ("not_allowed", lambda value: _hashable(value) and value in words, " or ".join(map(repr, self.one_of)))
            )
        if self.pattern:
            match = re.compile(self.pattern).fullmatch
            asked.append(("no_match", lambda value: isinstance(value, str) and bool(match(value)), f"/{self.pattern}/"))
        return asked

    def refusal(self, code: str, path: str, value: object, allowed: str) -> RejectedEventError:
        """The error of a value that was asked for something else."""
        told = f"{path} is missing" if code == "missing_property" else f"{path} is {shown(value)}; {allowed} is allowed"
        return RejectedEventError(code, path, f"{told} ({self.declared_at})" if self.declared_at else told)


def _hashable(value: object) -> bool:
    return not isinstance(value, dict | list)
