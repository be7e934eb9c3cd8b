"""The early warning of a canary: seldom wrong however often one looks, and soon right."""

from math import sqrt

import numpy as np
import pytest
from ledger_builders import a_catalog, a_decision, a_ranked, an_outcome, at

from decisioning.customer import CustomerReference
from decisioning.rollout import draw_of
from features.decision_book import DecisionBook
from features.ledger import Ledger
from features.outcomes import OutcomeBook
from features.rollout_pointer import RolloutPointer
from features.rollout_value import FALSE_ALARMS, FEWEST, RolloutTally, Side, upper_bound

POINTER = RolloutPointer("canary", "challenger", "", share=0.25)


def looks(rng, *, rate, n_looks=100, per_look=40):
    """Whether any look at a canary that accepts at `rate` beside a champion at 0.1 says that it earns less."""
    sides = (Side(), Side())
    for _ in range(n_looks):
        for side, p, n in zip(sides, (rate, 0.1), (per_look, 4 * per_look), strict=True):
            for value in 50.0 * (rng.random(n) < p):
                side.change((0.0, 0.0), (1.0, float(value)))
        most = upper_bound(*sides)
        if most is not None and most < 0:
            return True
    return False


def test_of_200_canaries_that_earn_no_less_at_most_the_stated_share_is_ended_in_100_looks_each():
    ended = sum(looks(np.random.default_rng(seed), rate=0.1) for seed in range(200))
    assert ended <= 200 * FALSE_ALARMS + 3 * sqrt(200 * FALSE_ALARMS)


def test_of_20_canaries_that_earn_half_every_one_is_ended_within_100_looks():
    assert all(looks(np.random.default_rng(seed), rate=0.05) for seed in range(20))


def test_nothing_is_concluded_from_few_customers():
    sides = (Side(), Side())
    for side, value in zip(sides, (0.0, 50.0), strict=True):
        for _ in range(FEWEST - 1):
            side.change((0.0, 0.0), (1.0, value))
    assert upper_bound(*sides) is None


def test_sums_by_customer_equal_a_plain_reading():
    rng = np.random.default_rng(1)
    side, known = Side(), {}
    for _ in range(500):
        customer, y = int(rng.integers(60)), float(rng.normal())
        before = known.get(customer, (0.0, 0.0))
        known[customer] = (before[0] + 1.0, before[1] + y)
        side.change(before, known[customer])
    n, money = np.array(list(known.values())).T
    mean = money.sum() / n.sum()
    assert (side.n_customers, side.n) == (60, 500)
    assert side.mean == pytest.approx(mean)
    assert side.variance == pytest.approx(((money - mean * n) ** 2).sum() / n.sum() ** 2)


def test_the_ledger_is_read_a_little_further_at_every_look(tmp_path):
    tally = RolloutTally(POINTER)
    canary = next(f"c_{i}" for i in range(100) if draw_of(f"c_{i}", "challenger") < 0.25)
    other = next(f"c_{i}" for i in range(100) if draw_of(f"c_{i}", "challenger") > 0.25)
    with Ledger(tmp_path / "ledger.db") as ledger:
        book = DecisionBook(ledger, a_catalog())
        for name, customer in (("1", canary), ("2", other), ("3", canary)):
            reference = CustomerReference("user_id", customer)
            made = a_decision(name, customer_id=customer, reference=reference, arm="nba", ranked=(a_ranked(),))
            book.record_many([made])
            tally.catch_up(ledger)
        assert (tally.canary.n, tally.champion.n) == (2, 1)
        cost, value = a_ranked().cost, a_ranked().value
        assert tally.canary.y == pytest.approx(-2 * cost)
        for name in ("a", "b"):  # told twice, it counts once
            OutcomeBook(ledger).accept(
                [an_outcome(name, decision_id="d-3", action="card", type="accept")], received_at=at(60)
            )
        tally.catch_up(ledger)
        tally.catch_up(ledger)
    assert tally.canary.y == pytest.approx(value - 2 * cost)
    assert tally.loss == ""


def test_decisions_that_repeat_a_draw_count_once_and_an_answer_to_any_of_them_is_its_answer(tmp_path):
    canary = next(f"c_{i}" for i in range(100) if draw_of(f"c_{i}", "challenger") < 0.25)
    reference, stuck = CustomerReference("user_id", canary), "s_" + "0" * 24
    with Ledger(tmp_path / "ledger.db") as ledger:
        book, tally = DecisionBook(ledger, a_catalog()), RolloutTally(POINTER)
        for name in ("1", "2", "3"):
            book.record_many([a_decision(name, customer_id=canary, reference=reference, stuck=stuck)])
        for name in ("2", "3"):
            answered = an_outcome(name, decision_id=f"d-{name}", action="card", type="accept")
            OutcomeBook(ledger).accept([answered], received_at=at(60))
        tally.catch_up(ledger)
    assert tally.canary.n == 1
    assert tally.canary.y == pytest.approx(a_ranked().value - a_ranked().cost)
