"""A crowd: many customers as known at one moment, in columns; what is particular to few of them stands by place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from decisioning.condition_array import Column, Words
from decisioning.customer import ConsentState, ContactHistory, Customer, FeatureValue, StandingHold

NOBODY: Mapping[int, ContactHistory] = {}
SILENT = ConsentState()


@dataclass(frozen=True, slots=True)
class Crowd:
    """n customers.

    Parameters: `ids`; `columns` of their features, (n,) each; `consents`, `histories` and `holds` of those who have
    any, by place; `purposes` and `used`, as of `Customer`.
    """

    ids: Sequence[str]
    as_of: datetime
    columns: Mapping[str, Column]
    consents: Mapping[int, ConsentState] = field(default_factory=dict)
    histories: Mapping[int, ContactHistory] = field(default_factory=dict)
    holds: Mapping[int, tuple[StandingHold, ...]] = field(default_factory=dict)
    purposes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, places: NDArray[np.intp]) -> "Crowd":
        """Those at some places, which ascend."""
        new = {old: place for place, old in enumerate(places.tolist())}
        return replace(
            self,
            ids=[self.ids[place] for place in new],
            columns={name: _taken(column, places) for name, column in self.columns.items()},
            consents={new[place]: each for place, each in self.consents.items() if place in new},
            histories={new[place]: each for place, each in self.histories.items() if place in new},
            holds={new[place]: each for place, each in self.holds.items() if place in new},
        )

    def customer(self, place: int) -> Customer:
        """One of them, as a single decision sees them."""
        return Customer(
            self.ids[place],
            as_of=self.as_of,
            features={name: _value(column, place) for name, column in self.columns.items()},
            consent=self.consents.get(place, SILENT),
            history=self.histories.get(place, ContactHistory()),
            holds=self.holds.get(place, ()),
            purposes=self.purposes,
            used=self.used,
        )


def _value(column: Column, place: int) -> FeatureValue:
    known = float(column.codes[place] if isinstance(column, Words) else column[place])
    if known != known:
        return None
    return column.vocabulary[int(known)] if isinstance(column, Words) else known


def _taken(column: Column, places: NDArray[np.intp]) -> Column:
    return Words(column.codes[places], column.vocabulary) if isinstance(column, Words) else column[places]


def without(column: Column, gone: Sequence[int]) -> Column:
    """The column with nothing known at some places."""
    numbers = (column.codes if isinstance(column, Words) else column).copy()
    numbers[np.asarray(gone, dtype=np.intp)] = np.nan
    return Words(numbers, column.vocabulary) if isinstance(column, Words) else numbers
