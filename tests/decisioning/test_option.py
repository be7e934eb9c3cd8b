"""Options in columns are what one candidate at a time comes to, to the last bit."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_draws import chances_of
from plain_options import CUSTOM, is_sound, plain_options, plain_row, plain_shares, priority

from builders import an_action
from decisioning.action import NO_ACTION, Treatment
from decisioning.fast_layer.exposure import Regressors
from decisioning.option import Weighing, options_of
from decisioning.ports import Candidate, Correction, Scores
from decisioning.ranking import Drawing, choices_of
from decisioning.slate import MOST_KEPT, Slate, Slates

NAMES = ("a", "m", "x", "z")
treatments = st.lists(st.sampled_from([0.0, 0.0, 1.5]), min_size=1, max_size=3).map(
    lambda costs: tuple(Treatment(f"t{place}", "web", cost) for place, cost in enumerate(costs))
)
actions = st.builds(
    an_action,
    issue=st.sampled_from(["grow", "serve"]),
    treatments=treatments,
    value=st.sampled_from([0.0, 10.0, 50.0, math.inf]),
    lever=st.sampled_from([1.0, 1.0, 3.0]),
)
weighings = st.builds(
    Weighing,
    st.sampled_from(["incremental_value", "propensity_value", "value", "custom"]),
    st.sampled_from([{}, {"grow": 2.0}, {"grow": 0.5, "serve": 3.0}]),
    st.booleans(),
    said=st.sampled_from([{"age": 30.0}, {"age": 30.0}, {}]),
    formula=st.just(CUSTOM),
    by_issue=st.sampled_from([{}, {}, {"grow": "custom"}, {"serve": "value"}, {"serve": "propensity_value"}]),
)
chances = st.sampled_from([0.0, 0.1, 0.2, 0.5, 1.0, 1.1, -0.1, math.nan])
uplifts = st.sampled_from([math.nan, -0.2, 0.0, 0.1, 1.0, 1.2, math.inf])
said = st.tuples(chances, uplifts, st.sampled_from([-1.0, 0.0, 2.0, math.nan]), st.sampled_from([0.0, 0.01, 0.2]))


class Says:
    """Says (propensity, uplift, priority, spread) of each candidate."""

    version = "says"

    def __init__(self, said, *, rules, moved, randomised):
        self.said, self.rules, self.moved, self.randomised = said, rules, moved, randomised

    def score(self, features, candidates):
        keys = [(each.action.name, each.treatment.name) for each in candidates]
        rows = np.array([self.said[key] for key in keys])
        correction = Correction(7, rows[:, 0] / 2, rows[:, 3]) if self.moved else None
        given = rows[:, 2] if self.rules else None
        uplift = rows[:, 1] if self.randomised else np.full(len(rows), np.nan)
        return Scores(rows[:, 0], uplift, given, correction, self.randomised)


@st.composite
def cases(draw):
    names = draw(st.lists(st.sampled_from(NAMES), unique=True, max_size=4))
    offered = [an_action(name, **_parts(draw(actions))) for name in names]
    candidates = [Candidate(action, each) for action in offered for each in action.treatments]
    scores = {(each.action.name, each.treatment.name): draw(said) for each in candidates}
    scorer = Says(scores, rules=draw(st.booleans()), moved=draw(st.booleans()), randomised=draw(st.booleans()))
    return draw(st.permutations(candidates)), scorer, draw(weighings)


def _parts(action):
    return {name: getattr(action, name) for name in ("issue", "treatments", "value", "lever")}


def by_columns(case):
    candidates, scorer, weighing = case
    return options_of(Slate.of(candidates), scorer=scorer, features={}, weighing=weighing)


def one_by_one(case):
    candidates, scorer, weighing = case
    return plain_options(candidates, scorer=scorer, features={}, weighing=weighing)


@settings(max_examples=400)
@given(cases())
def test_columns_hold_each_actions_best_usable_treatment(case):
    found, expected = by_columns(case), one_by_one(case)
    assert found.names == tuple(sorted(expected))
    assert {name: repr(found.option(name)) for name in found.names} == {k: repr(v) for k, v in expected.items()}


@settings(max_examples=300)
@given(cases(), st.integers(0, 2**64 - 1), st.floats(0, 1), st.booleans())
def test_what_is_drawn_from_columns_is_what_one_draw_at_a_time_gives(case, seed, epsilon, must_fill):
    expected = one_by_one(case)
    idle = not (must_fill and expected)
    how = Drawing(seed, epsilon, 1, must_fill=must_fill, sampled=True)
    shares = plain_shares(expected, seed, case[2], idle=idle)
    probabilities = chances_of(choices_of(by_columns(case), how), epsilon)
    assert list(probabilities) == sorted([*expected, NO_ACTION] if idle else expected)
    n = len(shares)
    assert probabilities == pytest.approx({name: epsilon / n + (1 - epsilon) * share for name, share in shares.items()})


@given(cases())
def test_a_decision_records_every_option_and_what_moved_it(case):
    found, expected = by_columns(case), one_by_one(case)
    assert list(found.recorded()) == sorted(expected)
    for name, (propensity, uplift, order) in found.recorded().items():
        factors = expected[name].factors
        assert (propensity, order) == (factors.propensity, expected[name].priority)
        assert (uplift is None) == math.isnan(factors.uplift)
    learned = found.learned()
    moved = {name: option.learned for name, option in expected.items() if option.learned is not None}
    assert (learned is None) == (not moved)
    assert learned is None or learned.scores == {name: (each.bundle, each.spread) for name, each in moved.items()}


values = st.one_of(st.floats(), st.none(), st.sampled_from(["gold", "3.5", True, 7, 0]))


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, values)))
def test_a_row_is_what_one_feature_at_a_time_comes_to(features):
    regressors = Regressors(NAMES, (0.5, 0.0, -1.0, 2.0), (1.0, 2.0, 0.5, 1.0))
    assert regressors.row(features).tolist() == pytest.approx(plain_row(regressors, features), rel=1e-12, abs=1e-12)


def test_a_slate_is_kept_for_the_next_customer_and_not_for_ever():
    offered = {f"a{place:02}": an_action(f"a{place:02}") for place in range(12)}
    slates = Slates({name: (Candidate(action, action.treatments[0]),) for name, action in offered.items()})
    first = slates.of(("a00", "a01"))
    assert slates.of(("a00", "a01")) is first
    for number in range(MOST_KEPT + 1):
        slates.of(tuple(name for place, name in enumerate(offered) if number >> place & 1))
    assert slates.of(("a00", "a01")) is not first


def test_the_plain_reading_is_the_rule_as_it_is_written():
    factors = plain_options(
        [Candidate(an_action("a"), Treatment("t", "web", 1.0))],
        scorer=Says({("a", "t"): (0.2, 0.1, 0.0, 0.0)}, rules=False, moved=False, randomised=True),
        features={},
        weighing=Weighing("incremental_value", {"grow": 2.0}),
    )["a"].factors
    assert is_sound(factors)
    assert priority(factors, "incremental_value") == pytest.approx(0.1 * 50.0 * 2.0 - 1.0)
    assert priority(factors, "propensity_value") == pytest.approx(0.2 * 50.0 * 2.0)
