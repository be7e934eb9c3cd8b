"""What people have: products bought, the app, paperless statements, the salary account."""

from dataclasses import dataclass

import numpy as np

from bankworld.business import ACTIONS, DEEDS, INDEX, PRODUCTS
from bankworld.chance import stream
from bankworld.people import Flags, Floats, Ints, People
from bankworld.timeline import DAYS, HISTORY_DAYS

SOLD_TOGETHER = 0.12


@dataclass(frozen=True, slots=True)
class Holdings:
    """The day since when each thing is had, (n_customers, n_actions); -1: before the year, inf: not in the history."""

    since: Floats

    def at(self, day: float) -> Flags:
        """What was held on that day, (n_customers, n_actions)."""
        held: Flags = self.since < day
        return held


def draw_first_holdings(people: People, seed: int) -> Flags:
    """What customers of before the year hold on its first day, (n_customers, n_actions)."""
    rng = stream(seed, "holdings")
    old, seg = people.opened < 0, people.segment
    chances = {
        "savings_plan": 0.12 + 0.05 * seg,
        "credit_card": 0.25 + 0.05 * seg,
        "personal_loan": np.where(people.income < 60, 0.12, 0.05),
        "mortgage_talk": np.where(people.owner, 0.35, 0.01),
        "travel_insurance": 0.03 * people.trips,
        "home_insurance": np.where(people.owner, 0.30, 0.02),
        "investment_fund": np.array([0.03, 0.12, 0.25])[seg],
        "overdraft_raise": np.where(people.balance < 2, 0.15, 0.05),
        "app_activation": 1 / (1 + np.exp(-0.4 - 1.2 * people.digital)),
        "paperless": 1 / (1 + np.exp(0.8 - 1.0 * people.digital)),
        "fee_waiver": np.full(len(people), 0.35),
    }
    chance = np.zeros((len(people), len(ACTIONS)))
    for name, values in chances.items():
        chance[:, INDEX[name]] = np.clip(values, 0, 0.9)
    held: Flags = (rng.random(chance.shape) < chance) & old[:, None]
    return held


def draw_holdings(people: People, first: Flags, wanted: tuple[Floats, Floats], seed: int) -> Holdings:
    """Add what was bought in the history, out of interest or in passing.

    Parameters: `wanted`, begin and end of each person's first interest in each product, (n_customers, n_products) each,
    inf where there was none.
    """
    rng = stream(seed, "purchases")
    since = np.full(first.shape, np.inf)
    n_products = len(PRODUCTS)
    begin, end = wanted
    buys = rng.random(begin.shape) < SOLD_TOGETHER
    length = np.where(np.isfinite(begin), end - np.where(np.isfinite(begin), begin, 0), 0)
    since[:, :n_products] = np.where(buys, begin + length * rng.uniform(0.2, 1, begin.shape), np.inf)
    passing = rng.random(first.shape) * DAYS / np.where([deed.lasting for deed in DEEDS], 0.05, 1e-12)
    since = np.minimum(since, np.maximum(people.opened, 0)[:, None] + 1 + passing)
    since = np.where((since < HISTORY_DAYS) & (since < people.closed[:, None]), since, np.inf)
    return Holdings(np.where(first, -1.0, since))


def first_interest(n_people: int, owner: Ints, begin: Floats, end: Floats) -> tuple[Floats, Floats]:
    """Begin and end of the first span of each person and product, (n_customers, n_products) each; inf where none."""
    shape = (n_people, len(PRODUCTS))
    firsts, index = np.unique(owner, return_index=True)
    begins, ends = np.full(shape, np.inf), np.full(shape, np.inf)
    begins.ravel()[firsts], ends.ravel()[firsts] = begin[index], end[index]
    return begins, ends
