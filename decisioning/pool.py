"""Pools: what all customers draw from together: budgets, inventories, and what a channel can send.

A decision draws from every pool that its actions are of, and the record of it takes that in one transaction with the
check; so a pool is never overdrawn by decisions, however many are made at once.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, NamedTuple

from decisioning.action import Action, Treatment
from decisioning.local_time import Period, beginning, zone_named

if TYPE_CHECKING:
    from decisioning.ports import Candidate

Kind = Literal["budget", "inventory", "capacity"]
UNITS = 1_000_000
"""Amounts of money are whole millionths of the currency, so that sums are exact in any order."""
SPENT: Mapping[Kind, str] = {
    "budget": "budget_spent",
    "inventory": "inventory_empty",
    "capacity": "capacity_reached",
}
"""What is said of a pool of which nothing is left."""


@dataclass(frozen=True, slots=True)
class Pool:
    """So much for all customers together: money, spent by the cost of contacts, or a number of contacts.

    Parameters: `amount`, in the catalogue's currency for a budget, a count otherwise; `per`, the calendar period after
    which there is as much again (None: once and for all); `actions` and `groups` that draw from it, or a `channel`.
    """

    kind: Kind
    name: str
    amount: float
    per: Period | None = None
    actions: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    channel: str = ""

    @property
    def key(self) -> str:
        """What names it among all pools of a catalogue.

        >>> Pool("budget", "spring", 500.0).key
        'budget:spring'
        """
        return f"{self.kind}:{self.name}"

    @property
    def scale(self) -> int:
        """How many units one of its amount is."""
        return UNITS if self.kind == "budget" else 1

    @property
    def units(self) -> int:
        """The amount in whole units, of money or of contacts."""
        return in_units(self.amount) if self.kind == "budget" else int(self.amount)

    def draws(self, action: Action, channel: str, *, cost: float) -> int:
        """How many units a contact takes that costs this; 0 where the pool is not concerned."""
        if channel != self.channel and action.name not in self.actions and action.group not in self.groups:
            return 0
        return in_units(cost) if self.kind == "budget" else 1

    def began(self, now: datetime, zone: str) -> datetime | None:
        """When its current period began, on the clock of a time zone; None where it has no periods."""
        return beginning(self.per, now.astimezone(zone_named(zone))) if self.per else None

    def words(self) -> str:
        """What it is and that nothing is left of it.

        >>> Pool("inventory", "mugs", 30).words(), Pool("budget", "spring", 500.0, per="month").words()
        ('inventory_empty: mugs (30)', 'budget_spent: spring (500 per month)')
        """
        period = f" per {self.per}" if self.per else ""
        return f"{SPENT[self.kind]}: {self.name} ({self.amount:.15g}{period})"


def in_units(amount: float) -> int:
    """Money in whole millionths.

    >>> in_units(0.35)
    350000
    """
    return round(amount * UNITS)


class Priced(NamedTuple):
    """A pool with the price of what is taken from it: in money for each contact, or for each of its money."""

    pool: Pool
    price: float


class Draw(NamedTuple):
    """What one contact takes of one pool. Parameters: `pool`, its key; `units`."""

    pool: str
    units: int


def draws_of(pools: Iterable[Pool], action: Action, treatments: Collection[Treatment]) -> tuple[Draw, ...]:
    """What a contact takes of each pool, by the dearest of the treatments; only where it takes anything."""
    most = [Draw(pool.key, max([_units(pool, action, each) for each in treatments], default=0)) for pool in pools]
    return tuple([draw for draw in most if draw.units])


def charge(prices: Iterable[Priced], candidate: "Candidate") -> float:
    """What the pools that a contact draws from charge for it."""
    action, treatment = candidate.action, candidate.treatment
    taken = [(price, _units(pool, action, treatment) / pool.scale) for pool, price in prices]
    return sum([price * amount for price, amount in taken])


def _units(pool: Pool, action: Action, treatment: Treatment) -> int:
    return pool.draws(action, treatment.channel, cost=treatment.cost)


@dataclass(frozen=True, slots=True)
class Stock:
    """What is left of every pool at one moment.

    Parameters: `used`, units drawn in the current period, by key; a pool that is missing there could not be read, and
    nothing may be drawn from it.
    """

    pools: Mapping[str, Pool]
    used: Mapping[str, int]

    def short(self, draws: Iterable[Draw]) -> Pool | None:
        """The first pool of which these draws would take more than is left; None where there is none."""
        return next((self.pools[key] for key, units in draws if not self._has(key, units)), None)

    def after(self, draws: Iterable[Draw]) -> "Stock":
        """The stock once these were drawn, of which nothing was short."""
        return Stock(self.pools, {**self.used, **{key: self.used[key] + units for key, units in draws}})

    def _has(self, key: str, units: int) -> bool:
        used = self.used.get(key)
        return used is not None and used + units <= self.pools[key].units
