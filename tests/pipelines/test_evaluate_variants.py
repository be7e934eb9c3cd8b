"""What the variants of a test earned is what customers did, and its intervals hold the truth as often as they say."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from decisioning.customer import CustomerReference
from decisioning.decide import decide
from decisioning.decision import DecisionRequest
from decisioning.errors import NotFoundError
from decisioning.variant import VariantTest
from pipelines.clock import SimulatedClock
from pipelines.composition import compose
from pipelines.evaluate_variants import evaluate_arms, evaluate_variants, variants_in_words
from training.dataset import DecisionLogFrame
from training.variant_value import value_of

WORKSPACE = Path(__file__).parents[1] / "serving" / "workspace"
BEGAN = datetime(2026, 9, 1, tzinfo=UTC)
NOW = datetime(2026, 10, 1, tzinfo=UTC)
WHICH = "tests: {which: {shares: {coffee: 0.5, greeting: 0.5}}}\n"
COST = 0.25


@pytest.fixture
def workspace(tmp_path):
    shutil.copytree(WORKSPACE, tmp_path / "workspace")
    path = tmp_path / "workspace" / "catalog.yaml"
    text = path.read_text().replace("banner: {channel: web}", f"banner: {{channel: web, cost: {COST}}}")
    path.write_text(text.replace("impressions: reported", "impressions: implied") + WHICH)
    return tmp_path / "workspace"


def lived(folder, workspace, n):
    """Decisions for n customers; who is shown the greeting buys for 9, every third of the others too."""
    clock = SimulatedClock(BEGAN)
    decided = []
    with compose(folder / "home", workspace, clock=clock) as composition:
        for place in range(n):
            clock.move(BEGAN + timedelta(minutes=place))
            request = DecisionRequest(f"r-{place}", CustomerReference("user_id", f"u-{place}"), "web_home", "web")
            decided.append(decide(request, ports=composition.ports(), now=clock()))
        clock.move(BEGAN + timedelta(days=1))
        bought = [place for place, each in enumerate(decided) if each.chosen == "greeting" or place % 3 == 0]
        composition.send([an_order(place, decided[place]) for place in bought], [])
    return decided, set(bought)


def an_order(place, decision):
    at = (decision.decided_at + timedelta(hours=2)).isoformat()
    named = {"userId": f"u-{place}", "messageId": f"o-{place}", "timestamp": at}
    return {
        "type": "track", "event": "Order Completed", **named, "properties": {"margin": 9.0, "order_id": str(place)},
    }  # fmt: skip


def test_each_variant_earned_what_its_customers_spent_less_what_they_cost(tmp_path, workspace):
    decided, bought = lived(tmp_path, workspace, 120)
    (found,) = evaluate_variants(tmp_path / "home", workspace, as_of=NOW).tests
    coffee, greeting = found.variants
    for each in (coffee, greeting):
        own = [place for place, one in enumerate(decided) if one.variants["which"] == each.variant]
        earned = [9.0 * (place in bought) - (COST if decided[place].ranked else 0.0) for place in own]
        assert (each.n_customers, each.n_decisions) == (len(own), len(own))
        assert each.money.value == pytest.approx(np.mean(earned))
    assert coffee.more is None
    assert greeting.more.value == pytest.approx(greeting.money.value - coffee.money.value)
    assert found.sample_ratio > 0.001
    assert found.n_left_out == 0


def test_the_report_says_it_in_words_and_a_catalogue_without_tests_has_none(tmp_path, workspace):
    lived(tmp_path, workspace, 30)
    told = variants_in_words(evaluate_variants(tmp_path / "home", workspace, as_of=NOW))
    assert told.startswith("which: customers are divided as the shares say (p = ")
    assert "EUR per decision, " in told
    assert "more than coffee" in told
    early = evaluate_variants(tmp_path / "home", workspace, as_of=BEGAN + timedelta(days=1))
    assert variants_in_words(early) == "which: no decision of it is over\n30 decisions are not over yet"
    with pytest.raises(NotFoundError, match="the catalogue has no tests"):
        evaluate_variants(tmp_path / "home", WORKSPACE, as_of=NOW)


@pytest.mark.parametrize("arm", ["hold_out", "random_eligible"])
def test_each_holdout_arm_is_compared_with_what_was_decided_beside_it(tmp_path, workspace, arm):
    path = workspace / "catalog.yaml"
    path.write_text(path.read_text().replace(WHICH, f"holdout: {{salt: s, shares: {{{arm}: 0.4}}}}\n"))
    decided, bought = lived(tmp_path, workspace, 120)
    (found,) = evaluate_arms(tmp_path / "home", workspace, as_of=NOW).tests
    other, nba = found.variants
    assert (found.test, other.variant, nba.variant) == (arm, arm, "nba")
    for each in (other, nba):
        own = [place for place, one in enumerate(decided) if one.arm == each.variant]
        earned = [9.0 * (place in bought) - (COST if decided[place].ranked else 0.0) for place in own]
        assert each.n_customers == len(own) > 20
        assert each.money.value == pytest.approx(np.mean(earned))
    assert nba.more.value == pytest.approx(nba.money.value - other.money.value)
    assert found.sample_ratio > 0.001


def test_where_nobody_is_held_out_nothing_is_compared(tmp_path, workspace):
    lived(tmp_path, workspace, 3)
    with pytest.raises(NotFoundError, match="the catalogue holds nobody out: no arm has a share"):
        evaluate_arms(tmp_path / "home", workspace, as_of=NOW)


def a_frame(customers, reward):
    """Shown decisions of these customers, with what each earned."""
    n = len(customers)
    words, flags, times = np.full(n, "web"), np.ones(n, dtype=bool), np.arange(n)
    return DecisionLogFrame(
        actions=("a",), decision_id=times.astype(str).astype(object), customer_id=customers, decided_us=times,
        ends_us=times + 1, channel=words, placement=words, arm=words, treatment=words, chosen=np.zeros(n, dtype=int),
        shown=flags, reward=reward, capped_reward=reward, accepted=reward > 0, eligible_probability=np.ones((n, 1)),
        listed=np.ones((n, 1), dtype=bool), converted=np.zeros((n, 1), dtype=bool), features={},
    )  # fmt: skip


HALVES = VariantTest("halves", {"a": 0.5, "b": 0.5})


def simulated(seed, *, more):
    """400 customers with three decisions each, in which `b` earns so much more; customers differ for good."""
    rng = np.random.default_rng(seed)
    names = [f"c_{seed}_{place}" for place in range(400)]
    customers = np.repeat(np.array(names, dtype=object), 3)
    variants = [HALVES.variant_of(name) for name in customers]
    liking = np.repeat(rng.gamma(1.0, 2.0, 400), 3)
    reward = liking + rng.gamma(1.0, 1.0, 1200) + more * np.array([each == "b" for each in variants])
    assigned = {str(row): {"halves": each} for row, each in enumerate(variants)}
    return a_frame(customers, reward), assigned


def test_of_300_experiments_19_in_20_hold_the_true_difference_and_the_ratio_is_seldom_suspicious():
    found = [value_of(HALVES, *simulated(seed, more=0.5), confidence=0.95) for seed in range(300)]
    holds = sum(each.variants[1].more.low <= 0.5 <= each.variants[1].more.high for each in found)
    assert 300 * 0.95 - 4 * 3.8 <= holds <= 300
    assert sum(each.sample_ratio < 0.05 for each in found) <= 300 * 0.05 + 4 * 3.8


def test_a_division_that_is_not_as_the_shares_say_shows():
    frame, assigned = simulated(1, more=0.0)
    lost = np.array([each["halves"] == "a" or place % 2 == 0 for place, each in enumerate(assigned.values())])
    kept = value_of(HALVES, frame.take(lost & (np.arange(1200) % 3 == 0)), assigned, confidence=0.95)
    assert kept.sample_ratio < 1e-4


def test_customers_in_several_variants_are_left_out_of_all_and_counted():
    frame, assigned = simulated(2, more=0.0)
    other = {"a": "b", "b": "a"}[assigned["0"]["halves"]]
    moved = {**assigned, "0": {"halves": other}}
    found, before = (value_of(HALVES, frame, each, confidence=0.95) for each in (moved, assigned))
    assert found.n_left_out == 1
    assert sum(each.n_decisions for each in found.variants) == sum(each.n_decisions for each in before.variants) - 3
