"""Everything but visits: accounts, profiles, purchases, tickets, surveys, contracts and consent, as rows."""

import numpy as np

from bankworld.business import DEEDS
from bankworld.chance import stream
from bankworld.contract import Consents, Contracts
from bankworld.holding import Holdings
from bankworld.identifier import Devices, SecondIds
from bankworld.people import Flags, Floats, Ints, People
from bankworld.row import Kind, Rows, rows
from bankworld.service import Surveys, Tickets
from bankworld.spans import Spans
from bankworld.timeline import DAYS

_IMPORT_HOURS = 0.2


def account_rows(people: People, devices: Devices, seconds: SecondIds, seed: int) -> list[Rows]:
    """Imports of the first night, openings, logins, second user ids, refreshed profiles, closings."""
    rng = stream(seed, "accounts")
    n = len(people)
    old = np.flatnonzero(people.opened < 0)
    new = np.flatnonzero((people.opened > 0) & np.isfinite(people.opened))
    linked = np.flatnonzero(np.isfinite(devices.linked))
    style = np.where(devices.style[linked] == 1, Kind.ALIAS, Kind.LOGIN)
    twice, gone = np.flatnonzero(seconds.since < DAYS), np.flatnonzero(np.isfinite(people.closed))
    refreshed = np.flatnonzero((rng.random(n) < 0.5) & np.isfinite(people.opened))
    refresh_day = np.maximum(people.opened, 0) + rng.uniform(2, DAYS, n)
    return [
        rows(Kind.IMPORTED_PROFILE, rng.random(len(old)) * _IMPORT_HOURS / 2, old),
        rows(Kind.ACCOUNT_OPENED, people.opened[new], new),
        rows(Kind.PROFILE, people.opened[new] + 0.001, new),
        rows(
            style, devices.linked[linked], devices.person[linked], device=linked, a=rng.integers(0, 1000, len(linked))
        ),
        rows(Kind.SECOND_ID, seconds.since[twice], twice, user=1, a=seconds.by_phone[twice]),
        rows(Kind.PROFILE, refresh_day[refreshed], refreshed, a=rng.integers(1, 1000, len(refreshed))),
        rows(Kind.ACCOUNT_CLOSED, people.closed[gone], gone),
    ]


def holding_rows(holdings: Holdings, seed: int) -> list[Rows]:
    """What was had before the year, imported in the first night, and what was bought in the history."""
    rng = stream(seed, "holding rows")
    had_person, had = np.nonzero(holdings.since < 0)
    person, action = np.nonzero(np.isfinite(holdings.since) & (holdings.since >= 0))
    lasting = np.array([deed.lasting for deed in DEEDS])[action]
    imported = rows(Kind.IMPORTED_HOLDING, 0.1 + rng.random(len(had)) * _IMPORT_HOURS / 2, had_person, a=had)
    bought = rows(Kind.BOUGHT, holdings.since[person, action], person, a=action, b=rng.integers(0, 2**31, len(person)))
    return [imported, bought.where(lasting)]


def service_rows(tickets: Tickets, surveys: Surveys, sales: Spans) -> list[Rows]:
    """Tickets opened and solved (`a` is the ticket), surveys (`a` is the answer), sales conversations."""
    number, talk = np.arange(len(tickets.spans)), np.arange(len(sales))
    return [
        rows(Kind.TICKET_OPENED, tickets.spans.begin, tickets.spans.owner, a=number),
        rows(Kind.TICKET_SOLVED, tickets.spans.end, tickets.spans.owner, a=number),
        rows(Kind.SURVEY, surveys.day, surveys.person, a=surveys.nps),
        rows(Kind.SALES_STARTED, sales.begin, sales.owner, a=talk),
        rows(Kind.SALES_ENDED, sales.end, sales.owner, a=talk),
    ]


def contract_rows(contracts: Contracts, consents: Consents) -> list[Rows]:
    """Notices and renewals (`a` is the contract), consent answers (`a` the channel, `b` the answer)."""
    number = np.arange(len(contracts.spans))
    renewed = np.isfinite(contracts.renewed)
    renewals = rows(
        Kind.CONTRACT_RENEWED, contracts.renewed[renewed], contracts.spans.owner[renewed], a=number[renewed]
    )
    return [
        rows(Kind.CONTRACT_EXPIRING, contracts.spans.begin, contracts.spans.owner, a=number),
        renewals,
        rows(Kind.CONSENT, consents.day, consents.person, a=consents.channel, b=consents.granted),
    ]


def that_happened(people: People, everything: Rows, second_since: Floats) -> Rows:
    """Only rows of the year, visits of those who are seen, the rest of those who are customers; second ids in use."""
    person, day = everything.person, everything.day
    closed = np.where(everything.kind == Kind.ACCOUNT_CLOSED, np.inf, people.closed[person])
    from_bank = everything.device < 0
    begins = np.where(from_bank, people.opened[person], people.seen_from[person])
    kept = everything.where((day >= 0) & (day < DAYS) & (begins <= day) & (day < closed))
    return _with_second_ids(kept, second_since)


def _with_second_ids(kept: Rows, second_since: Floats) -> Rows:
    second = (kept.user == 0) & (second_since[kept.person] < kept.day) & _odd(kept.device)
    return Rows(kept.day, kept.person, kept.kind, np.where(second, 1, kept.user), kept.device, kept.a, kept.b)


def _odd(device: Ints) -> Flags:
    odd: Flags = (device >= 0) & (device % 2 == 1)
    return odd
