"""The fast layer: Bayesian regression on top of a bundle's scores, one answer at a time."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import FixedScorer, an_action
from decisioning.fast_layer.belief import DAY_US, Belief
from decisioning.fast_layer.evidence import MOST_HELD
from decisioning.fast_layer.exposure import Exposure, Regressors, weight_of
from decisioning.fast_layer.layer import FastLayer, Ground
from decisioning.fast_layer.scorer import FastScorer
from decisioning.ports import Candidate

NOW = 400 * DAY_US
CARD, LOAN = (Candidate(an_action(name), an_action(name).treatments[0]) for name in ("card", "loan"))
AGE = Regressors(("age",), (0.0,), (1.0,))
numbers = st.floats(-3, 3)
exposures = st.builds(
    lambda x, p, at, accepted: Exposure(np.array([1.0, x]), p, NOW - at, accepted),
    numbers,
    st.floats(0.01, 0.9),
    st.integers(0, 30 * DAY_US),
    st.sampled_from([True, False, None]),
)
beliefs = st.sampled_from([Belief(), Belief(half_life_days=7.0, answer_days=2.0)])


def taught(exposures, belief=None, action="card", ground=None):
    layer = FastLayer(belief or Belief(), 2, ground=ground)
    for each in exposures:
        layer.learn(action, each)
    return layer


def believed(layer, action="card"):
    posterior = layer.posterior(NOW)
    place = posterior.places.get(action, 0)
    return posterior.means[place].copy(), posterior.beliefs[place, 1:].copy()


def scored(layer, *, uplift=math.nan):
    base = FixedScorer({"card": (0.1, uplift), "loan": (0.1, uplift)})
    return FastScorer(base, layer.posterior(NOW), AGE, 1.0, 7).score({"age": 0.5}, [CARD, LOAN])


def seen(*, accepted, x=0.5, p=0.1, at=NOW):
    return Exposure(np.array([1.0, x]), p, at, accepted)


def by_least_squares(exposures, belief, ground=None):
    """Slow and plain: the prior's rows, the bundle's and one row per exposure, each divided by its SD, solved."""
    forgetting = 0.0 if belief.half_life_days is None else math.log(2) / belief.half_life_days
    rows, targets = [np.diag([1 / belief.level_sd, 1 / belief.slope_sd])], [np.zeros(2)]
    now = (NOW // 60_000_000 + 1) * 60_000_000
    if ground is not None:
        left = math.exp(-forgetting * (now - ground.at_us) / DAY_US)
        known = ground.information["card"]
        rows.append(np.diag([math.sqrt(left * min(known, MOST_HELD)), math.sqrt(left * known)]))
        targets.append(np.zeros(2))
    for each in exposures:
        age = (now - each.shown_us) / DAY_US
        counts = math.exp(-forgetting * age) * (1 - math.exp(-age / belief.answer_days) if each.accepted is None else 1)
        w = weight_of(each.propensity)
        rows.append(math.sqrt(counts * w) * each.row[np.newaxis])
        targets.append(np.array([math.sqrt(counts / w) * (float(bool(each.accepted)) - each.propensity)]))
    table = np.vstack(rows)
    return np.linalg.lstsq(table, np.concatenate(targets), rcond=None)[0], np.linalg.inv(table.T @ table)


@given(st.lists(exposures, max_size=12), beliefs)
def test_what_is_believed_is_the_bayesian_regression_of_all_exposures_at_once(some, belief):
    for found, expected in zip(believed(taught(some, belief)), by_least_squares(some, belief), strict=True):
        assert found == pytest.approx(expected, abs=1e-9, rel=1e-7)


@given(st.lists(exposures, max_size=12), beliefs, st.floats(0.1, 1e4), st.integers(0, 90))
def test_what_the_bundle_had_learned_counts_as_rows_that_agreed_with_it_and_fades_as_they_would(some, belief, n, days):
    ground = Ground({"card": n}, NOW - days * DAY_US)
    found, expected = believed(taught(some, belief, ground=ground)), by_least_squares(some, belief, ground)
    for one, other in zip(found, expected, strict=True):
        assert one == pytest.approx(other, abs=1e-9, rel=1e-7)


def test_a_level_that_turns_is_followed_within_a_thousand_answers_however_much_the_bundle_was_trained_on():
    layer = FastLayer(Belief(), 2, ground=Ground({"card": 1e5}, NOW))
    for nth in range(2_000):
        layer.learn("card", seen(accepted=nth % 10 < 2, x=(nth // 10) % 2 - 0.5))
        if nth == 999:
            assert scored(layer).propensity[0] > 0.14
    assert scored(layer).propensity[0] > 0.155


def test_a_bundle_that_has_seen_much_of_an_action_is_moved_less_and_drawn_closer_before_any_answer():
    new, old = FastLayer(Belief(), 2), FastLayer(Belief(), 2, ground=Ground({"card": 400.0}, NOW))
    assert scored(old).correction.spread[0] < scored(new).correction.spread[0] / 5
    assert scored(old).correction.spread[1] == scored(new).correction.spread[1]
    for layer in (new, old):
        layer.learn("card", seen(accepted=True))
    moved = [float(scored(layer).propensity[0]) - 0.1 for layer in (new, old)]
    assert moved[0] > 10 * moved[1] > 0


@given(st.lists(exposures, max_size=12).flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))), beliefs)
def test_the_order_of_exposures_does_not_matter(orders, belief):
    one, other = (believed(taught(order, belief)) for order in orders)
    for first, second in zip(one, other, strict=True):
        assert first == pytest.approx(second, abs=1e-9)


@given(st.lists(exposures, max_size=6), st.lists(exposures, max_size=6))
def test_an_answer_learned_between_decisions_is_as_if_it_had_been_known_before(early, late):
    layer = taught(early)
    layer.posterior(NOW)
    for each in late:
        layer.learn("card", each)
    for first, second in zip(believed(layer), believed(taught([*early, *late])), strict=True):
        assert first == pytest.approx(second, abs=1e-9)


@given(st.lists(exposures, max_size=6), exposures, exposures, beliefs)
def test_what_was_corrected_is_as_if_it_had_never_been_otherwise(others, before, after, belief):
    layer = taught([*others, before], belief)
    layer.correct("card", before, after)
    for first, second in zip(believed(layer), believed(taught([*others, after], belief)), strict=True):
        assert first == pytest.approx(second, abs=1e-9)


@given(st.lists(exposures, max_size=8), st.floats(0.01, 0.9), numbers)
def test_an_answer_in_favour_raises_the_score_and_one_against_lowers_it(some, p, x):
    row = np.array([1.0, x])
    before, yes, no = (
        believed(taught([*some, *more]))[0] @ row
        for more in ([], [seen(accepted=True, x=x, p=p)], [seen(accepted=False, x=x, p=p)])
    )
    settled = p + weight_of(p) * before  # what the layer expected: an answer moves it only as far as it surprises
    assert yes > before or settled >= 1
    assert no < before or settled <= 0


def test_an_answer_moves_the_scores_of_its_action_alone():
    scores = scored(taught([seen(accepted=True)]))
    assert scores.propensity[0] > 0.1
    assert scores.propensity[1] == 0.1
    assert scores.correction.bundle.tolist() == [0.1, 0.1]
    assert scores.correction.spread[0] < scores.correction.spread[1]
    assert scores.correction.seq == 7


def test_uplift_moves_as_far_as_the_propensity():
    scores = scored(taught([seen(accepted=True)]), uplift=0.05)
    assert scores.uplift - 0.05 == pytest.approx(scores.propensity - 0.1)


@given(st.lists(exposures, max_size=20), st.floats(-1, 1))
def test_corrected_scores_stay_probabilities(some, uplift):
    scores = scored(taught(some), uplift=uplift)
    assert ((scores.propensity >= 0) & (scores.propensity <= 1)).all()
    assert ((scores.uplift >= -1) & (scores.uplift <= 1)).all()


def test_who_has_not_answered_yet_is_no_refusal_at_first_and_one_in_the_end():
    asked = seen(accepted=None, at=NOW)
    fresh, old, refused = (
        believed(taught([each]))[0][0]
        for each in (asked, asked._replace(shown_us=NOW - 30 * DAY_US), asked._replace(accepted=False))
    )
    assert fresh == pytest.approx(0.0, abs=1e-4)
    assert old == pytest.approx(refused, abs=1e-9)


def test_forgetting_makes_an_old_answer_count_half_after_its_half_life():
    belief = Belief(half_life_days=10.0)
    now = NOW - NOW % 60_000_000 - 1  # to the next whole minute, it is one microsecond
    layers = FastLayer(belief, 2), FastLayer(belief, 2)
    layers[0].learn("card", seen(accepted=True, at=now))
    layers[1].learn("card", seen(accepted=True, at=now - 10 * DAY_US))
    fresh, old = (layer._evidence["card"].sums(now) for layer in layers)
    assert old == pytest.approx(fresh / 2)


def test_without_evidence_the_bundle_says_it_all():
    scores = scored(FastLayer(Belief(), 2))
    assert scores.propensity.tolist() == [0.1, 0.1]


def test_many_answers_find_the_rate_that_a_wrong_bundle_missed():
    generator = np.random.default_rng(3)
    some = [seen(accepted=bool(generator.random() < 0.06), x=generator.normal(), p=0.01) for _ in range(20_000)]
    moved = 0.01 + weight_of(0.01) * believed(taught(some, Belief(level_sd=10.0)))[0][0]
    assert moved == pytest.approx(0.06, abs=0.006)


def test_features_are_standardised_and_what_never_differs_is_left_out():
    customers = [{"age": float(age), "country": 1.0, "tier": "gold"} for age in range(20, 60)]
    regressors = Regressors.over(("age", "country", "tier"), customers)
    rows = np.array([regressors.row(each) for each in customers])
    assert regressors.names == ("age",)
    assert rows[:, 0].tolist() == [1.0] * 40
    assert rows[:, 1].mean() == pytest.approx(0.0, abs=1e-9)
    assert rows[:, 1].std() == pytest.approx(1.0)


NAMES = "abcd"
OFFERED = [Candidate(an_action(name), an_action(name).treatments[0]) for name in NAMES]


@given(st.lists(st.tuples(st.sampled_from(NAMES), exposures), max_size=12), st.lists(st.sampled_from(OFFERED)))
def test_what_is_said_of_candidates_is_said_of_each_alone_whatever_was_learned_first(some, candidates):
    layer, row = FastLayer(Belief(), 2), np.array([1.0, 0.5])
    for action, exposure in some:
        layer.learn(action, exposure)
    posterior = layer.posterior(NOW)
    means, sds = posterior.of(candidates, row)
    for each, mean, sd in zip(candidates, means, sds, strict=True):
        mine = [exposure for action, exposure in some if action == each.action.name]
        expected, covariance = by_least_squares(mine, Belief())
        assert mean == pytest.approx(row @ expected, abs=1e-9, rel=1e-7)
        assert sd == pytest.approx(math.sqrt(row @ covariance @ row), rel=1e-7)


def test_a_posterior_that_was_told_is_not_mixed_up_by_an_action_that_joins():
    layer = taught([seen(accepted=True)], action="card")
    told = layer.posterior(NOW)
    before = told.of([CARD, LOAN], np.array([1.0, 0.5]))[0].tolist()
    layer.learn("auction", seen(accepted=False))
    assert told.of([CARD, LOAN], np.array([1.0, 0.5]))[0].tolist() == before
