"""Facts of one type and name side by side: what is asked of all of them is asked once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from features.fact import Fact
from features.owners import Times
from features.stated_currency import stated_currency


@dataclass(frozen=True)
class FactColumns:
    """Parameters: as those of a `Fact`; `timezones`, empty where no fact names one."""

    type: str
    name: str
    properties: Sequence[Mapping[str, Any]]
    occurred_us: Times
    known_us: Times
    timezones: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.properties)

    @classmethod
    def of(cls, facts: Sequence[Fact]) -> "FactColumns":
        """Facts, at least one, of the same type and name."""
        kind, name = facts[0][:2]
        zones = [fact[5] for fact in facts]
        properties, times = [fact[2] for fact in facts], np.array([fact[3:5] for fact in facts], dtype=np.int64).T
        return cls(kind, name, properties, times[0], times[1], zones if any(zones) else ())

    @cached_property
    def named(self) -> frozenset[str]:
        """The names of all properties that any of them has."""
        return frozenset[str]().union(*self.properties)

    @cached_property
    def currencies(self) -> frozenset[str]:
        """Every currency that any of them states, "" where one states none."""
        return frozenset(map(stated_currency, self.properties))

    @cached_property
    def facts(self) -> list[Fact]:
        """One by one."""
        new, kind, name = tuple.__new__, self.type, self.name  # half the cost of a call of the class
        told = zip(
            self.properties,
            self.occurred_us.tolist(),
            self.known_us.tolist(),
            self.timezones or [""] * len(self),
            strict=True,
        )
        return [new(Fact, (kind, name, said, at, known, zone)) for said, at, known, zone in told]

    def at(self, places: Sequence[int]) -> "FactColumns":
        """Those at some places."""
        some = np.array(places, dtype=np.intp)
        return FactColumns(
            self.type,
            self.name,
            [self.properties[place] for place in places],
            self.occurred_us[some],
            self.known_us[some],
            [self.timezones[place] for place in places] if self.timezones else (),
        )
