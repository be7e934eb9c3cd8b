"""Which facts a feature looks at, and what it reads from each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from features.fact import Fact
from features.number import number_of
from features.readings import FACT_READINGS, VALUE_READINGS
from features.stated_currency import is_in

Plain = str | float | bool
Reading = Callable[[Fact], float | None]
MONEY = "money"
"""In the place of a currency: amounts of money, before it is known which one the workspace counts in."""


@dataclass(frozen=True, slots=True)
class Selector:
    """Facts of some types, with some names, whose properties equal what is given.

    Parameters: `types`, at least one; `names`, any of them (empty: every name); `where`, (property, value) pairs that
    must all be equal; `besides`, names that are none of them.

    >>> Selector(("track",), ("Order Completed",), (("product", "card"),)).accepts({"product": "card"})
    True
    """

    types: tuple[str, ...]
    names: tuple[str, ...] = ()
    where: tuple[tuple[str, Plain], ...] = ()
    besides: tuple[str, ...] = ()

    def names_one(self, name: str | None) -> bool:
        """Whether a fact of the right type may have this name. Parameters: `name`, None for one that no selector has.

        >>> Selector(("track",), besides=("Hold Set",)).names_one("Hold Set")
        False
        """
        return name not in self.besides and (not self.names or name in self.names)

    def accepts(self, properties: Mapping[str, Any]) -> bool:
        """Whether the properties of a fact of the right type and name are equal to what is wanted."""
        return all(properties.get(key) == wanted for key, wanted in self.where)


@dataclass(frozen=True, slots=True)
class Probe:
    """A selector together with the number that is read from each fact it accepts.

    Parameters: `reads`, the property to read ("": none, every accepted fact reads 1.0); `one_of`, the vocabulary of a
    category, read as its code; `required` skips facts whose property is not a usable number, where otherwise they read
    NaN: an answer that says nothing still replaces an older one; `via`, the reading that makes a number of the property
    or of the whole fact (see `features.readings`); `currency`, in which the number is money: what states another one is
    skipped (`MONEY`: it is money, of whatever currency; "": it is none).

    >>> said = Fact("identify", "", {"segment": "private"}, occurred_us=0, known_us=0)
    >>> Probe(Selector(("identify",)), reads="segment", one_of=("mass", "private")).read(said)
    1.0
    >>> Probe(Selector(("identify",)), reads="segment", one_of=("mass", "royal")).read(said)
    nan
    >>> Probe(Selector(("identify",)), reads="segment", required=True).read(said) is None
    True
    """

    selector: Selector
    reads: str = ""
    one_of: tuple[str, ...] = ()
    required: bool = False
    via: str = ""
    currency: str = ""

    def read(self, fact: Fact) -> float | None:
        """The number read from a fact of the right type and name, None where it is not looked at."""
        if not self.selector.accepts(fact.properties) or not self.is_in_its_currency(fact.properties):
            return None
        return self.read_accepted(fact) if self.reads or self.via else 1.0

    def read_accepted(self, fact: Fact) -> float | None:
        """As `read`, of a fact that was accepted before."""
        if self.via in FACT_READINGS:
            value = FACT_READINGS[self.via](fact, self.reads)
        elif self.reads in fact.properties:
            value = self._usable(fact.properties[self.reads])
        else:
            return None
        return None if self.required and value != value else value

    @property
    def counts_one_currency(self) -> bool:
        """Whether the number is money of one currency alone."""
        return self.currency not in ("", MONEY)

    def is_in_its_currency(self, properties: Mapping[str, Any]) -> bool:
        """Whether the number is money of the currency that is looked at, or none."""
        return not self.counts_one_currency or is_in(properties, self.currency)

    def _usable(self, given: object) -> float:
        if self.one_of:
            return _code(given, self.one_of)
        return VALUE_READINGS[self.via](given) if self.via else number_of(given)

    @property
    def reading(self) -> Reading | None:
        """What reads a fact of the right type and name with the right first property; None where it reads 1.0."""
        if len(self.selector.where) > 1 or self.counts_one_currency:
            return self.read
        if self.via in FACT_READINGS:
            return _of_fact(FACT_READINGS[self.via], self.reads, required=self.required)
        if self.via or self.one_of:
            return self.read_accepted
        return _of_number(self.reads, required=self.required) if self.reads else None


def _of_number(name: str, *, required: bool) -> Reading:
    """What `Probe.read_accepted` does for a number, without its questions."""

    def read(fact: Fact) -> float | None:
        if name not in fact.properties:
            return None
        value = number_of(fact.properties[name])
        return None if required and value != value else value

    return read


def _of_fact(via: Callable[[Fact, str], float | None], name: str, *, required: bool) -> Reading:
    """What `Probe.read_accepted` does for a reading of the whole fact."""

    def read(fact: Fact) -> float | None:
        value = via(fact, name)
        return None if required and value != value else value

    return read


def _code(given: object, one_of: tuple[str, ...]) -> float:
    word = str(given).lower() if isinstance(given, bool) else str(given)
    return float(one_of.index(word)) if word in one_of else float("nan")
