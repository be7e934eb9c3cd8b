"""The decision log as learning sees it, from a real ledger."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from ledger_builders import NOW, a_ranked
from log_builder import CATALOG, DAY, GOAL, Log
from plain_decision_log import capped_reward_of, plain_decision_log, reward_of

from features.workspace import Reward
from training.dataset import split_at, split_by_time
from training.decision_log import n_over, read_decision_log
from training.goal_event import GoalEvent
from training.reward import capped_worth, worth


def test_a_decision_comes_with_what_was_known_and_how_likely_each_choice_was(log):
    log.decide()
    frame = log.frame()
    assert frame.actions == ("card", "loan", "no_action")
    assert frame.eligible_probability.tolist() == [[1 / 3, 0.0, 2 / 3]]
    assert frame.chosen.tolist() == [0]
    assert frame.listed.tolist() == [[True, False, False]]
    assert (frame.features["age"][0], frame.features["segment"][0]) == (40.0, "mass")
    assert np.isnan(frame.features["income"][0])


def test_of_decisions_that_share_their_draws_the_first_alone_is_learned_from(log):
    stuck = {"1": "s_" + "a" * 24, "2": "s_" + "a" * 24, "3": "s_" + "b" * 24, "4": "", "5": ""}
    for nth, (name, shared) in enumerate(stuck.items()):
        log.decide(name, seconds=nth, user=f"u-{nth}", stuck=shared)
    read = log.frame()
    assert sorted(read.decision_id) == [f"d-{name}" for name in ("1", "3", "4", "5")]


STUCK = "s_" + "a" * 24


@pytest.mark.parametrize("most", [None, 1])
def test_what_is_answered_to_a_repeated_draw_is_answered_to_the_decision_that_drew(log, most):
    log.decide("1", stuck=STUCK)
    log.decide("2", seconds=DAY, stuck=STUCK)
    log.hear("a", decision_id="d-1", seconds=5)
    assert (log.frame().shown.tolist(), log.frame().accepted.tolist()) == ([True], [False])
    log.hear("b", decision_id="d-2", seconds=DAY + 5, type="accept")
    frame = log.frame(most=most)
    assert (frame.decision_id.tolist(), frame.accepted.tolist(), frame.n_late) == (["d-1"], [True], 0)


def test_an_impression_of_a_repeated_draw_shows_what_was_drawn(log):
    log.decide("1", stuck=STUCK)
    log.decide("2", seconds=DAY, stuck=STUCK)
    log.hear("a", decision_id="d-2", seconds=DAY + 5)
    assert log.frame().shown.tolist() == [True]


def test_an_answer_to_a_repeated_draw_counts_within_the_window_of_the_decision_that_drew(log):
    log.decide("1", stuck=STUCK)
    log.decide("2", seconds=4 * DAY, stuck=STUCK)
    log.hear("a", decision_id="d-2", seconds=6 * DAY, type="accept")
    frame = log.frame()
    assert (frame.shown.tolist(), frame.accepted.tolist(), frame.n_late) == ([False], [False], 0)


def test_an_answer_to_a_decision_told_of_later_though_made_before_is_none_to_the_one_that_drew(log):
    log.decide("1", seconds=2 * DAY, stuck=STUCK)
    log.decide("2", stuck=STUCK)
    log.hear("a", decision_id="d-2", seconds=2 * DAY + 5, type="accept")
    assert (log.frame().decision_id.tolist(), log.frame().accepted.tolist()) == (["d-1"], [False])


def test_an_answer_to_another_action_of_a_repeated_draw_is_none_to_what_was_chosen(log):
    log.decide("1", stuck=STUCK, chosen="no_action", ranked=())
    log.decide("2", seconds=DAY, stuck=STUCK)
    log.hear("a", decision_id="d-2", seconds=DAY + 5, type="accept")
    frame = log.frame()
    assert (frame.shown.tolist(), frame.accepted.tolist()) == ([False], [False])


def test_a_conversion_in_the_window_counts_shown_or_not(log):
    log.decide()
    log.order("o-loan", seconds=DAY, product="loan")
    log.order("o-card", seconds=2 * DAY)
    frame = log.frame()
    assert frame.converted.tolist() == [[True, True, False]]
    assert frame.reward.tolist() == [60.0]
    assert frame.accepted.tolist() == [True]
    assert frame.shown.tolist() == [False]


@pytest.mark.parametrize(
    ("days", "is_converted", "reward"), [(-1, False, 0), (4, True, 30), (6, False, 30), (11, False, 0)]
)
def test_the_actions_window_limits_the_conversion_and_the_goals_the_reward(log, days, is_converted, reward):
    log.decide()
    log.order("o", seconds=days * DAY)
    frame = log.frame()
    assert frame.converted[0, 0] == is_converted
    assert frame.reward[0] == reward


def test_the_next_decision_of_the_same_customer_ends_the_window(log):
    log.decide("1")
    log.decide("2", seconds=DAY)
    log.decide("other", seconds=DAY, user="u-2")
    log.order("o", seconds=2 * DAY)
    assert log.frame().converted[:, 0].tolist() == [False, True, False]
    overlapping = GOAL.model_copy(update={"until_next_decision": False})
    assert log.frame(goal=overlapping).converted[:, 0].tolist() == [True, True, False]


def test_an_impression_shows_and_costs_and_an_answer_implies_one(log):
    for name in ("1", "2", "3"):
        log.decide(name, seconds=DAY * int(name), user=f"u-{name}")
    log.hear("a", decision_id="d-1", seconds=DAY + 5)
    log.hear("b", decision_id="d-2", seconds=2 * DAY + 5, type="accept")
    frame = log.frame()
    assert frame.shown.tolist() == [True, True, False]
    assert frame.accepted.tolist() == [False, True, False]
    assert frame.reward.tolist() == [-0.5, -0.5, 0.0]


def test_where_impressions_are_implied_a_decision_is_shown(log):
    log.decide(placement="strip")
    log.decide(
        "2", user="u-2", placement="inbox", channel="email", ranked=(a_ranked(treatment="mail", channel="email"),)
    )
    assert log.frame().shown.tolist() == [True, True]


@pytest.mark.parametrize("placement", ["home", "strip"])
def test_doing_nothing_is_never_shown_nor_accepted_even_where_impressions_are_implied(log, placement):
    log.decide(chosen="no_action", ranked=(), placement=placement)
    log.order("o", seconds=DAY)
    frame = log.frame()
    assert (frame.shown[0], frame.accepted[0], frame.treatment[0], frame.reward[0]) == (False, False, "", 30.0)


@pytest.mark.parametrize(("margin", "capped"), [(400.0, 100.0), (-400.0, -100.0), (60.0, 60.0)])
def test_a_capped_reward_is_cut_at_the_goals_cap_on_both_sides(log, margin, capped):
    log.decide()
    log.order("o", seconds=DAY, margin=margin)
    frame = log.frame()
    assert (frame.reward[0], frame.capped_reward[0]) == (margin, capped)


def test_an_action_without_an_aim_is_accepted_by_a_reported_conversion_and_converts_nobody(log):
    aimless = {name: replace(action, conversion=None) for name, action in CATALOG.actions.items()}
    log.decide()
    log.hear(type="conversion")
    log.order("o", seconds=DAY)
    catalog = replace(CATALOG, actions=aimless)
    frame = read_decision_log(log.ledger, catalog, GOAL, as_of=NOW + timedelta(days=20), feature_names=())
    assert (frame.shown[0], frame.accepted[0], frame.converted.any()) == (True, True, False)
    assert log.frame().converted[0].tolist() == [True, False, False]


def test_a_late_answer_is_no_acceptance(log):
    log.decide()
    log.hear(seconds=6 * DAY, type="accept")
    assert not log.frame().accepted[0]


def test_an_open_window_is_censored_and_counted_and_the_future_is_not_seen(log):
    log.decide("1")
    log.decide("2", seconds=DAY)
    log.order("o", seconds=9 * DAY)
    frame = log.frame(as_of=NOW + timedelta(days=10, hours=1))
    assert frame.decision_id.tolist() == ["d-1"]
    assert frame.n_censored == 1
    assert log.frame(as_of=NOW - timedelta(days=1)).n_censored == 0


def test_a_decision_is_censored_until_every_answer_that_counts_could_have_come(log):
    """An action's own window may be longer than the goal's: what is open is no refusal."""
    patient = {name: replace(action, window=timedelta(days=20)) for name, action in CATALOG.actions.items()}
    catalog = replace(CATALOG, actions=patient)
    log.decide("1")
    log.decide("2", seconds=5, user="u-2", chosen="no_action", ranked=())
    log.hear(seconds=15 * DAY, type="accept")

    def frame(days):
        as_of = NOW + timedelta(days=days)
        found = read_decision_log(log.ledger, catalog, GOAL, as_of=as_of, feature_names=())
        assert n_over(log.ledger, GOAL, as_of=as_of, catalog=catalog) == len(found)
        return found

    assert (len(frame(12)), frame(12).n_censored) == (0, 2)
    assert frame(21).accepted.tolist() == [True, False]


def test_rewards_are_capped_on_both_sides():
    rich = GoalEvent("c", 0, "Order Completed", {"margin": 1e6})
    assert capped_reward_of([rich], GOAL, cost=0.0) == 100.0
    assert capped_reward_of([], GOAL, cost=1e6) == -100.0
    event = GoalEvent("c", 0, "Order Completed", {"margin": 20.0, "product": "card"})
    rules = (
        Reward(event="Order Completed", amount="margin", weight=0.5),
        Reward(event="Order Completed", value=7.0, where={"product": "card"}),
        Reward(event="Order Completed", value=1000.0, where={"product": "loan"}),
    )
    assert worth(event, rules) == 17.0
    assert reward_of([event], GOAL, cost=2.0) == 18.0


def test_a_single_event_is_cut_at_its_rules_cap_in_capped_rewards_only(log):
    rules = (
        Reward(event="Order Completed", amount="margin", cap=50.0),
        Reward(event="Order Completed", amount="margin", weight=-0.1),
    )
    goal = GOAL.model_copy(update={"reward_cap": 1000.0, "rewards": rules})
    log.decide()
    log.order("o-1", seconds=DAY, margin=400.0)
    log.order("o-2", seconds=2 * DAY, margin=20.0)
    log.order("o-3", seconds=3 * DAY, margin=-60.0)
    frame = log.frame(goal=goal)
    assert frame.reward.tolist() == pytest.approx([0.9 * (400.0 + 20.0 - 60.0)])
    assert frame.capped_reward.tolist() == pytest.approx([50.0 + 20.0 - 60.0 - 0.1 * 360.0])
    assert capped_worth(GoalEvent("c", 0, "Order Completed", {"margin": 20.0}), rules) == pytest.approx(18.0)


@pytest.mark.parametrize("of", [worth, capped_worth])
@pytest.mark.parametrize(
    ("name", "properties", "expected"),
    [
        ("Order Completed", {"product": "card", "shop": "north"}, 7.0),
        ("Order Completed", {"product": "card", "shop": "south"}, 0.0),
        ("Order Completed", {"product": "card"}, 0.0),
        ("Order Refunded", {"product": "card", "shop": "north"}, 0.0),
    ],
)
def test_a_rule_counts_events_of_its_name_with_all_the_properties_that_it_names(of, name, properties, expected):
    rule = Reward(event="Order Completed", value=7.0, where={"product": "card", "shop": "north"})
    assert of(GoalEvent("c", 0, name, properties), [rule]) == expected


@pytest.mark.parametrize("amount", ["12", None, True, float("inf")])
def test_an_amount_that_is_no_number_is_worth_nothing(amount):
    assert worth(GoalEvent("c", 0, "Order Completed", {"margin": amount}), GOAL.rewards) == 0.0


def a_random_log(log, seed):
    """Forty decisions for four customers, with answers and orders before, within and after their windows."""
    chance = np.random.default_rng(seed)
    for number in range(40):
        user, name = f"u-{chance.integers(4)}", str(number)
        seconds = int(chance.integers(0, 30 * DAY))
        log.decide(name, seconds=seconds, user=user, chosen=str(chance.choice(["card", "no_action", "former"])))
        for kind in chance.choice(["impression", "accept", "reject", "conversion"], chance.integers(0, 3)):
            then = seconds + int(chance.integers(1, 8 * DAY))
            log.hear(f"{number}-{kind}-{then}", decision_id=f"d-{name}", seconds=then, type=str(kind))
        log.order(
            f"o-{number}", seconds=int(chance.integers(0, 40 * DAY)), product=str(chance.choice(["card", "loan"]))
        )


@pytest.mark.parametrize("until_next_decision", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_reading_by_columns_is_reading_one_by_one(log, seed, until_next_decision):
    a_random_log(log, seed)
    goal = GOAL.model_copy(update={"until_next_decision": until_next_decision, "reward_cap": 40.0})
    names = ("age", "segment", "income")
    for days in (22, 32):
        as_of = NOW + timedelta(days=days)
        plain = plain_decision_log(log.ledger, CATALOG, goal, as_of=as_of, feature_names=names)
        assert len(plain) > 5
        assert log.frame(as_of=as_of, goal=goal, names=names).fingerprint == plain.fingerprint


def test_equal_logs_have_equal_fingerprints_and_a_change_shows(log):
    log.decide()
    first = log.frame().fingerprint
    assert log.frame().fingerprint == first
    log.hear()
    assert log.frame().fingerprint != first


def test_the_order_of_arrival_is_irrelevant(tmp_path):
    prints = []
    for name, backwards in (("a", False), ("b", True)):
        opened = Log(tmp_path / f"{name}.db")
        opened.decide()
        steps = [
            lambda o=opened: o.hear("1"),
            lambda o=opened: o.hear("2", type="click", seconds=20),
            lambda o=opened: o.order("x", seconds=30),
        ]
        for step in reversed(steps) if backwards else steps:
            step()
        prints.append(opened.frame().fingerprint)
        opened.close()
    assert prints[0] == prints[1]


def test_a_split_is_by_time_and_loses_nothing(log):
    for day in range(10):
        log.decide(str(day), seconds=day * DAY, user=f"u-{day}")
    frame = log.frame()
    parts = split_by_time(frame, validation_share=0.2, evaluation_share=0.3)
    assert [len(part) for part in (parts.train, parts.validation, parts.evaluation)] == [5, 2, 3]
    assert parts.train.decided_us.max() < parts.validation.decided_us.min()
    assert parts.validation.decided_us.max() < parts.evaluation.decided_us.min()
    early = split_at(frame, [int(frame.decided_us[1]), int(frame.decided_us[2])])
    assert [len(part) for part in (early.train, early.validation, early.evaluation)] == [1, 1, 8]


def test_an_empty_ledger_is_an_empty_log(log):
    frame = log.frame()
    assert len(frame) == 0
    assert frame.eligible_probability.shape == (0, 3)
