"""Which facts a feature looks at, and what it reads from each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

Plain = str | float | bool
Reading = Callable[[Mapping[str, Any]], float | None]


@dataclass(frozen=True, slots=True)
class Selector:
    """Facts of some types, with some names, whose properties equal what is given.

    Parameters: `types`, at least one; `names`, any of them (empty: every name); `where`, (property, value) pairs that
    must all be equal.

    >>> Selector(("track",), ("Order Completed",), (("product", "card"),)).accepts({"product": "card"})
    True
    """

    types: tuple[str, ...]
    names: tuple[str, ...] = ()
    where: tuple[tuple[str, Plain], ...] = ()

    def accepts(self, properties: Mapping[str, Any]) -> bool:
        """Whether the properties of a fact of the right type and name are equal to what is wanted."""
        return all(properties.get(key) == wanted for key, wanted in self.where)


@dataclass(frozen=True, slots=True)
class Probe:
    """A selector together with the number that is read from each fact it accepts.

    Parameters: `reads`, the property to read ("": none, every accepted fact reads 1.0); `one_of`, the vocabulary of a
    category, read as its code; `required` skips facts whose property is not a usable number, where otherwise they read
    NaN: an answer that says nothing still replaces an older one.

    >>> Probe(Selector(("identify",)), reads="segment", one_of=("mass", "private")).read({"segment": "private"})
    1.0
    >>> Probe(Selector(("identify",)), reads="segment", one_of=("mass", "private")).read({"segment": "unheard of"})
    nan
    >>> Probe(Selector(("track",)), reads="revenue", required=True).read({"revenue": "free"}) is None
    True
    """

    selector: Selector
    reads: str = ""
    one_of: tuple[str, ...] = ()
    required: bool = False

    def read(self, properties: Mapping[str, Any]) -> float | None:
        """The number read from a fact of the right type and name, None where it is not looked at."""
        if not self.selector.accepts(properties):
            return None
        if not self.reads:
            return 1.0
        return self.read_property(properties)

    def read_property(self, properties: Mapping[str, Any]) -> float | None:
        """As `read`, of a fact that was accepted before."""
        if self.reads not in properties:
            return None
        given = properties[self.reads]
        value = _code(given, self.one_of) if self.one_of else _number(given)
        return None if self.required and value != value else value

    @property
    def reading(self) -> Reading | None:
        """What reads a fact of the right type and name with the right first property; None where it reads 1.0."""
        if len(self.selector.where) > 1:
            return self.read
        return self.read_property if self.reads else None


def _code(given: object, one_of: tuple[str, ...]) -> float:
    word = str(given).lower() if isinstance(given, bool) else str(given)
    return float(one_of.index(word)) if word in one_of else float("nan")


def _number(given: object) -> float:
    if not isinstance(given, int | float | str):
        return float("nan")
    try:
        value = float(given)
    except (ValueError, OverflowError):
        return float("nan")
    return value if isfinite(value) else float("nan")
