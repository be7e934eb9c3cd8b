"""Stages and scores: the last true stage wins, and going better never scores lower."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisioning.condition import compile_condition, read_condition
from decisioning.condition_box import implies, never_true
from decisioning.journey import Journey, Stage, Targets, stage_of
from decisioning.journey_score import health, standing

ASKED = Targets(conversion=0.5, median_days=10.0, complaints=1.0)


def a_stage(name="aware", when="", progress=0.5, **fields):
    return Stage(name, compile_condition(when), progress=progress, **fields)


def a_journey(*stages, **fields):
    given = {"friction": ("tickets",), "satisfaction": "nps", "inactive_days": 60.0} | fields
    return Journey("shop", stages or (a_stage("aware", "views > 0"), a_stage("buyer", "orders > 0", 1.0)), **given)


def test_a_customer_is_in_the_last_stage_whose_condition_is_true():
    assert stage_of(a_journey(), {"views": 3.0, "orders": 1.0}).name == "buyer"
    assert stage_of(a_journey(), {"views": 3.0, "orders": 0.0}).name == "aware"
    assert stage_of(a_journey(), {"views": 3.0}).name == "aware", "unknown is not TRUE"


def test_where_no_condition_is_true_there_is_neither_stage_nor_score():
    assert stage_of(a_journey(), {}) is None
    assert standing(a_journey(), {"views": 0.0, "nps": 9.0}) == (None, None)


def test_the_score_is_progress_times_the_mean_of_the_known_parts_of_health():
    journey = a_journey(a_stage(progress=0.8, since="age", signs=(compile_condition("hot = 1"),), targets=ASKED))
    values = {"days_since_activity": 15.0, "tickets": 3.0, "nps": 7.0, "age": 40.0, "hot": 1.0}
    parts = dict(health(journey, journey.stages[0], values))
    assert parts == {"recency": 0.75, "friction": 0.5, "satisfaction": 0.7, "pace": 0.25, "signs": 1.0}
    assert standing(journey, values).score == pytest.approx(100 * 0.8 * 3.2 / 5)


def test_what_is_not_known_of_a_customer_counts_neither_for_nor_against():
    journey = a_journey(a_stage(progress=1.0), friction=())
    assert standing(journey, {"days_since_activity": 30.0}).score == pytest.approx(50.0)
    assert standing(journey, {}) == ("aware", None)


AMOUNT = st.floats(0, 1000)
KNOWN = st.fixed_dictionaries(
    {"days_since_activity": AMOUNT, "tickets": AMOUNT, "nps": st.floats(0, 10), "age": AMOUNT, "hot": st.floats(0, 1)}
)
JOURNEY = a_journey(a_stage("here", since="age", targets=ASKED, signs=(compile_condition("hot > 0.5"),)))


@given(values=KNOWN, worse=st.sampled_from(["days_since_activity", "tickets", "age"]), by=AMOUNT)
def test_longer_silence_more_troubles_and_a_longer_stay_never_raise_the_score(values, worse, by):
    before, after = (standing(JOURNEY, each).score for each in (values, values | {worse: values[worse] + by}))
    assert after <= before + 1e-9


@given(values=KNOWN, better=st.sampled_from(["nps", "hot"]), by=AMOUNT)
def test_a_better_answer_and_a_better_sign_never_lower_the_score(values, better, by):
    before, after = (standing(JOURNEY, each).score for each in (values, values | {better: values[better] + by}))
    assert after >= before - 1e-9


@given(values=KNOWN, places=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_further_on_with_equal_health_never_scores_lower_and_scores_stay_within_0_and_100(values, places):
    near, far = (
        standing(replace(JOURNEY, stages=(replace(JOURNEY.stages[0], progress=place),)), values).score
        for place in sorted(places)
    )
    assert 0 <= near <= far <= 100 + 1e-9


def test_conversion_leads_on_and_from_a_setback_back_to_any_stage_that_is_none():
    first, second, back = a_stage("a"), a_stage("b"), a_stage("c", setback=True)
    journey = a_journey(first, second, back)
    assert journey.onward(first) == {"b"}
    assert journey.onward(second) == frozenset()
    assert journey.onward(back) == {"a", "b"}
    assert journey.end is second


TIERS = {"tier": ("silver", "gold")}


@pytest.mark.parametrize(
    "text",
    [
        "FALSE",
        "age > 9 AND age <= 9",
        "tier = 'platinum'",
        "age IS NULL AND age > 3",
        "tier > 3",
        "NOT (TRUE OR age = 1)",
    ],
)
def test_a_condition_that_nobody_can_fulfil_is_known_for_it(text):
    assert never_true(read_condition(text), TIERS)


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [
        ("age > 9 AND tier = 'gold'", "age >= 9"),
        ("age IN (1, 2)", "age BETWEEN 0 AND 3"),
        ("age > 9", "age IS NOT NULL"),
        ("age / 2 > 4 AND age > 9", "age > 9 OR tier = 'gold'"),
        ("tier <> 'gold'", "tier = 'silver'"),
    ],
)
def test_a_condition_that_follows_from_another_is_known_for_it(narrow, wide):
    assert implies(read_condition(narrow), read_condition(wide), TIERS)
    assert not implies(read_condition(wide), read_condition(narrow), TIERS) or "tier <>" in narrow
