"""The draw: from a seed to everyone, everything that happens to them in the year, and when channels will ask."""

from dataclasses import dataclass

import numpy as np

from bankworld.business import INDEX, PRODUCTS
from bankworld.calling import Calls, draw_calls
from bankworld.contract import Consents, draw_consents, draw_contracts
from bankworld.holding import Holdings, draw_first_holdings, draw_holdings, first_interest
from bankworld.identifier import Devices, SecondIds, draw_devices, draw_second_ids
from bankworld.interest import draw_interest
from bankworld.journal import Journal
from bankworld.life import account_rows, contract_rows, holding_rows, service_rows, that_happened
from bankworld.people import Flags, People, draw_people
from bankworld.row import together
from bankworld.service import Surveys, draw_sales, draw_surveys, draw_tickets, leave_after_tickets
from bankworld.situation import Year
from bankworld.timeline import HISTORY_DAYS, Timeline
from bankworld.visit import draw_visits
from bankworld.wording import Wording

_APP = INDEX["app_activation"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Everything that a seed decides before anybody responds."""

    seed: int
    people: People
    devices: Devices
    seconds: SecondIds
    year: Year
    surveys: Surveys
    consents: Consents
    first_held: Flags
    holdings: Holdings

    def calls(self, n: int) -> Calls:
        """At most n moments of the live time."""
        has_app = self.holdings.at(HISTORY_DAYS)[:, _APP]
        return draw_calls(self.people, self.devices, self.seconds, has_app=has_app, n=n, seed=self.seed)


def draw(n_customers: int, seed: int) -> Drawn:
    """Draw the bank."""
    people = draw_people(n_customers, seed)
    tickets = draw_tickets(people, seed)
    people = leave_after_tickets(people, tickets, seed)
    first_held = draw_first_holdings(people, seed)
    interest = draw_interest(people, first_held[:, : len(PRODUCTS)], seed)
    spans = interest.spans
    wanted = first_interest(n_customers, spans.owner, spans.begin, spans.end)
    return Drawn(
        seed=seed,
        people=people,
        devices=draw_devices(people, seed),
        seconds=draw_second_ids(people, seed),
        year=Year(interest, tickets, draw_contracts(people, seed), draw_sales(people, seed)),
        surveys=draw_surveys(people, seed),
        consents=draw_consents(people, seed),
        first_held=first_held,
        holdings=draw_holdings(people, first_held, wanted, seed),
    )


def journal(drawn: Drawn, timeline: Timeline) -> Journal:
    """Everything that happens by itself, in order of time."""
    people, year, seed = drawn.people, drawn.year, drawn.seed
    parts = account_rows(people, drawn.devices, drawn.seconds, seed)
    parts += holding_rows(drawn.holdings, seed)
    parts += draw_visits(people, year.interest, drawn.devices, drawn.first_held[:, _APP].astype(np.int64), seed)
    parts += service_rows(year.tickets, drawn.surveys, year.sales)
    parts += contract_rows(year.contracts, drawn.consents)
    rows = that_happened(people, together(parts), drawn.seconds.since)
    return Journal.of(rows, timeline, Wording(people, year.tickets))
