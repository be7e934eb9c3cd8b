"""Rows 8, 9 and 10 of the reliability list: outcomes out of order, late, and before their decision."""

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from ledger_builders import NOW, a_catalog, a_decision, an_event, an_outcome, at

from decisioning.action import Conversion
from decisioning.customer import CustomerReference
from features.decision_book import DecisionBook
from features.intake import Intake
from features.ledger import Ledger
from features.outcomes import OutcomeBook
from features.workspace import Goal, Reward
from training.decision_log import read_decision_log

WINDOW_DAYS = 5
GOAL = Goal(window_days=WINDOW_DAYS, reward_cap=100.0, rewards=(Reward(event="Order Completed", amount="margin"),))
AT_LAST = NOW + timedelta(days=900)
"""When everything has arrived."""


def a_shop():
    plain = a_catalog()
    window, sold = timedelta(days=WINDOW_DAYS), Conversion("Order Completed", {})
    return replace(plain, actions={n: replace(a, conversion=sold, window=window) for n, a in plain.actions.items()})


SHOP = a_shop()


class Arrivals:
    """A ledger to which decisions, outcomes and events come in whatever order."""

    def __init__(self, path):
        self.ledger = Ledger(path)
        self._book, self._outcomes, self._intake = (
            DecisionBook(self.ledger, SHOP),
            OutcomeBook(self.ledger),
            Intake(self.ledger),
        )

    def take(self, kind, what):
        if kind == "decision":
            self._book.record(what).result()
            return None
        if kind == "outcome":
            return self._outcomes.accept([what], received_at=AT_LAST)
        return self._intake.accept([what], received_at=AT_LAST)

    def quarantined(self):
        return self._outcomes.quarantined()

    def table(self):
        return read_decision_log(self.ledger, SHOP, GOAL, as_of=AT_LAST, feature_names=("age", "segment"))

    def close(self):
        self._intake.close()
        self.ledger.close()


@pytest.fixture
def arrivals(tmp_path):
    opened = Arrivals(tmp_path / "ledger.db")
    yield opened
    opened.close()


def decided(name, *, user="u-1", seconds=0):
    reference = CustomerReference("user_id", user)
    decision = a_decision(name, reference=reference, decided_at=at(seconds), contacts_version=0)
    return "decision", decision


def answered(name, decision, kind, seconds):
    return "outcome", an_outcome(name, decision_id=f"d-{decision}", type=kind, occurred_at=at(seconds))


def ordered(name, user, seconds, margin=30.0):
    moment = at(seconds).isoformat()
    return "event", an_event(
        name, "Order Completed", timestamp=moment, userId=user, properties={"margin": margin, "product": "card"}
    )


STORY = [
    *(decided(f"{user}", user=f"u-{user}", seconds=user) for user in range(4)),
    *(answered(f"i{user}", user, "impression", 10 + user) for user in range(4)),
    answered("c0", 0, "click", 30),
    answered("a0", 0, "conversion", 40),
    answered("r1", 1, "reject", 50),
    answered("l2", 2, "accept", 86_400 * 40),
    ordered("m0", "u-0", 45),
    ordered("m3", "u-3", 86_400 * 2),
    ordered("m3-again", "u-3", 86_400 * 20),
]


def test_the_training_table_is_the_same_for_200_orders_of_arrival(tmp_path):
    chance, found = random.Random(8), set()  # noqa: S311 - seeded, nothing secret
    for turn in range(200):
        story = STORY if turn == 0 else chance.sample(STORY, len(STORY))
        arrivals = Arrivals(tmp_path / f"{turn}.db")
        for kind, what in story:
            arrivals.take(kind, what)
        found.add(arrivals.table().fingerprint)
        arrivals.close()
    assert len(found) == 1


DAY = 86_400
LATENESS = [1, 60, 3_600, DAY, DAY * 4, DAY * WINDOW_DAYS - 1, DAY * WINDOW_DAYS + 1, DAY * 30, DAY * 100, DAY * 400]


def test_a_late_outcome_joins_within_its_window_and_is_stored_and_counted_as_late_after_it(arrivals):
    for n, lateness in enumerate(LATENESS):
        arrivals.take(*decided(str(n), user=f"u-{n}"))
        arrivals.take(*answered(f"i-{n}", n, "impression", 1))
        assert arrivals.take(*answered(f"a-{n}", n, "accept", lateness)).accepted == 1
    table = arrivals.table()
    accepted = dict(zip(table.decision_id.tolist(), table.accepted.tolist(), strict=True))
    assert accepted == {f"d-{n}": lateness <= DAY * WINDOW_DAYS for n, lateness in enumerate(LATENESS)}
    assert table.n_late == sum(lateness > DAY * WINDOW_DAYS for lateness in LATENESS)
    stored = [record for record in arrivals.ledger.records(kinds=["outcome"]) if record.record_id.startswith("o-a-")]
    assert len(stored) == len(LATENESS)


@pytest.mark.parametrize("n_orphans", [100, pytest.param(1_000, marks=pytest.mark.reliability)])
def test_outcomes_of_unknown_decisions_wait_and_join_when_their_decision_comes(arrivals, n_orphans):
    for n in range(n_orphans):
        assert arrivals.take(*answered(f"o-{n}", n, "click", 10)).quarantined == 1
    for n in range(0, n_orphans, 2):
        arrivals.take(*decided(str(n), user=f"u-{n}"))
    joined = [record.record_id for record in arrivals.ledger.records(kinds=["outcome"])]
    assert sorted(joined) == sorted(f"o-o-{n}" for n in range(0, n_orphans, 2))
    assert arrivals.quarantined() == n_orphans / 2
