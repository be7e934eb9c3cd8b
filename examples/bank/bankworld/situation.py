"""How things stand for people at moments: everything that decides what an action would change, but for what was had."""

from dataclasses import dataclass

import numpy as np

from bankworld.business import CHANNELS, PRODUCTS
from bankworld.contract import Contracts
from bankworld.interest import Interest
from bankworld.people import Flags, Floats, Ints, People
from bankworld.service import Tickets
from bankworld.spans import Spans


@dataclass(frozen=True, slots=True)
class Situation:
    """The situation at n moments; every array has n rows.

    Parameters: `people`, one row per moment; `interest` (n, n_products), days since interest began, NaN where there is
    none; `ticket` and `contract`, the index of the open ticket and of the running notice period, or -1; `serious`,
    whether that ticket is; `talking`, whether a salesperson is in touch.
    """

    people: People
    channel: Ints
    interest: Floats
    ticket: Ints
    serious: Flags
    contract: Ints
    talking: Flags

    def wants(self, product: str, *, from_day: float = 0.0, to_day: float = np.inf) -> Flags:
        """Whether interest in the product is going on and began between so many days ago."""
        age = self.interest[:, PRODUCTS.index(product)]
        wanted: Flags = (age >= from_day) & (age < to_day)
        return wanted

    def via(self, channel: str) -> Flags:
        """Whether the moment is in the channel."""
        chosen: Flags = self.channel == CHANNELS.index(channel)
        return chosen


@dataclass(frozen=True, slots=True)
class Year:
    """What goes on in people's lives over the year."""

    interest: Interest
    tickets: Tickets
    contracts: Contracts
    sales: Spans

    def situation(self, people: People, person: Ints, day: Floats, channel: Ints) -> Situation:
        """How things stand for these people on these days, asked in these channels."""
        ticket = self.tickets.spans.going_on(person, day)
        return Situation(
            people=people.of(person),
            channel=channel,
            interest=self.interest.age(person, day),
            ticket=ticket,
            serious=(ticket >= 0) & self.tickets.serious[np.maximum(ticket, 0)]
            if len(self.tickets.spans)
            else ticket >= 0,
            contract=self.contracts.spans.going_on(person, day),
            talking=self.sales.going_on(person, day) >= 0,
        )
