"""A learner of effects takes the place of an action's uplift where later rows show that it is better."""

from dataclasses import replace

import numpy as np
import pytest
from response_world import a_log
from specialist_world import N_FEATURES, NAMES, a_frame, a_layout

from decisioning.action import NO_ACTION
from training.bundle import PolicyBundle
from training.bundle_json import bundle_from_json, bundle_to_json
from training.dataset import split_by_time
from training.exposure import evidence_by_time
from training.logistic import sigmoid
from training.propensity import fit_propensity
from training.tuning import Search
from training.uplift.own_effect import OwnEffects

LAYOUT = a_layout()
CANDIDATES = [entry.candidate() for entry in LAYOUT.actions.entries]


def chances(x):
    """P(aim | not shown) and P(aim | shown): three actions do the same to everybody, the last splits them crosswise."""
    quiet = np.repeat(-1.0 + 0.3 * x[:, [0]], len(NAMES), axis=1)
    effect = np.full_like(quiet, 0.3)
    effect[:, -1] = np.where(x[:, 2] * x[:, 3] > 0, 1.6, -1.2)
    return sigmoid(quiet), sigmoid(quiet + effect)


def a_crossed_frame(seed, *, n):
    chance, k = np.random.default_rng(seed), len(NAMES)
    x, chosen = chance.normal(size=(n, N_FEATURES)), chance.integers(0, k + 1, n)
    quiet, lifted = chances(x)
    converted = chance.random((n, k)) < np.where(np.arange(k) == chosen[:, None], lifted, quiet)
    converted = np.hstack([converted, np.zeros((n, 1), dtype=bool)])
    features = {f"x{place}": x[:, place] for place in range(N_FEATURES)}
    reward = converted.sum(axis=1).astype(np.float64)
    return a_log((*NAMES, NO_ACTION), chosen=chosen, converted=converted, reward=reward, features=features)


def fitted(frame):
    parts = split_by_time(frame, validation_share=0.25, evaluation_share=0.1)
    train, validation = evidence_by_time(parts, LAYOUT, seed=1)
    return fit_propensity(train, validation, layout=LAYOUT, search=Search(trials=1, seed=7))


@pytest.fixture(scope="module")
def learned():
    return fitted(a_crossed_frame(2, n=16_000))


def test_who_is_moved_by_what_moves_everybody_alike_is_told_by_a_learner_that_was_drawn_in(learned):
    model, report = learned
    served = [place for place, each in enumerate(report.own_effects) if each.serves]
    assert served
    x = np.random.default_rng(9).normal(size=(4_000, N_FEATURES))
    quiet, lifted = chances(x)
    errors = [
        np.square(each.score_matrix(x, CANDIDATES).uplift - (lifted - quiet)).mean(axis=0)
        for each in (PolicyBundle("v", "c", model), PolicyBundle("v", "c", replace(model, own_effects=OwnEffects())))
    ]
    assert (errors[0][served] < errors[1][served]).all()
    others = [place for place in range(len(NAMES)) if place not in served]
    assert (errors[0][others] == errors[1][others]).all()


def test_every_action_is_told_why(learned):
    reports = learned[1].own_effects
    assert [each.action for each in reports] == list(NAMES)
    assert all("R-loss" in each.reason and each.learner in ("T", "X", "DR") for each in reports)
    assert all((each.extra_loss < 0) >= each.serves for each in reports)


@pytest.mark.slow
def test_where_the_pooled_model_is_right_no_learner_is_imagined():
    reports = [fitted(a_frame(seed, n=16_000, odd=False))[1].own_effects for seed in range(3)]
    assert not any(each.serves for report in reports for each in report)


def test_without_chance_in_the_log_no_learner_is_tried_and_that_is_said():
    frame = a_crossed_frame(3, n=6_000)
    sure = np.where(frame.listed, 1 - 4e-6, 1e-6)
    reports = fitted(replace(frame, eligible_probability=sure))[1].own_effects
    assert not any(each.serves for each in reports)
    assert all("chance decided 0 rows; a learner needs 500" in each.reason for each in reports)


def test_it_travels_as_text_and_json_and_one_customer_scores_as_in_a_matrix(learned):
    bundle = PolicyBundle("v", "c", learned[0])
    told, texts = bundle_to_json(bundle)
    loaded = bundle_from_json({**told, "version": "v"}, texts)
    assert set(loaded.response.own_effects.by_code) == set(bundle.response.own_effects.by_code)
    x = np.random.default_rng(4).normal(size=(40, N_FEATURES))
    many = loaded.score_matrix(x, CANDIDATES)
    assert (many.uplift == bundle.score_matrix(x, CANDIDATES).uplift).all()
    assert ((many.propensity >= 0) & (many.propensity <= 1)).all()
    for row, customer in enumerate(x):
        one = loaded.score({f"x{place}": value for place, value in enumerate(customer)}, CANDIDATES)
        assert np.allclose(one.uplift, many.uplift[row], atol=1e-12)
        assert np.allclose(one.propensity, many.propensity[row], atol=1e-12)
