"""Learners find the effects that are there, draw in those that are not, and act only where it is sure."""

import numpy as np
import pytest
from randomised_log import a_log

from training.policy import constant_name
from training.promotion import CANDIDATE
from training.uplift.calibrated import calibrate
from training.uplift.contest import BLEND, Care, candidates, gather, honest_choice, surest
from training.uplift.effects import average
from training.uplift.fitting import fit_policy
from training.uplift.learner import LEARNERS
from training.uplift.rule import Rule, deviate, gain_of

CARD = 1
CARE = Care(folds=3, bags=1)


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_finds_who_gains_from_an_action(name):
    lesson, _, mean = a_log(1)
    fresh, _, _ = a_log(2)
    learned = LEARNERS[name](lesson, CARD, 0).predict(fresh.matrix)
    true = a_log(2)[2] - a_log(2)[2][:, [CARD]]
    assert (learned[:, CARD] == 0).all()
    for action in (0, 2):
        assert np.corrcoef(learned[:, action], true[:, action])[0, 1] > 0.7
        assert learned[:, action].mean() == pytest.approx(true[:, action].mean(), abs=0.25)
    assert mean.mean(axis=0).argmax() == CARD


def test_learners_that_share_what_is_made_of_a_lesson_learn_what_each_learns_alone():
    shared, asked = a_log(1, n=1000)[0], a_log(2, n=200)[0].matrix
    for learner in (LEARNERS[name] for name in ("T", "X", "DR", "T")):
        alone = learner(a_log(1, n=1000)[0], CARD, 0).predict(asked)
        assert (learner(shared, CARD, 0).predict(asked) == alone).all()


def test_an_average_of_effects_predicts_the_average():
    lesson, _, _ = a_log(1, n=1000)
    parts = [LEARNERS[name](lesson, CARD, 0) for name in ("S", "T")]
    found = average([parts[0].scaled(0.5, np.array([1.0, 0.0, 2.0])), parts[1]]).predict(lesson.matrix)
    first, second = (part.predict(lesson.matrix) for part in parts)
    np.testing.assert_allclose(found, (0.5 * first + np.array([1.0, 0.0, 2.0]) + second) / 2)


def test_the_slope_is_one_where_the_spread_is_real_and_none_where_it_is_noise():
    generator = np.random.default_rng(0)
    real = generator.normal(size=(20_000, 3))
    real[:, 0] = 0
    gains = real + np.array([0.0, 1.0, -2.0]) + generator.normal(size=real.shape) * 3
    true, noise = calibrate(real, gains, 0), calibrate(generator.normal(size=real.shape), gains, 0)
    assert (true.slope, noise.slope) == (pytest.approx(1.0, abs=0.05), pytest.approx(0.0, abs=0.05))
    np.testing.assert_allclose(true.of_values(real).mean(axis=0), [0, *gains.mean(axis=0)[1:]], atol=1e-9)


def test_ties_go_to_the_constant_and_a_margin_must_be_passed():
    effect = np.array([[0.0, 0.0, -1.0], [0.5, 0.0, 0.2], [0.0, 0.0, 2.0]])
    assert deviate(effect, 1, 0.0).tolist() == [1, 0, 2]
    assert deviate(effect, 1, 0.5).tolist() == [1, 1, 2]
    assert Rule(1).choose(np.zeros((2, 4))).tolist() == [1, 1]


def test_the_standard_error_of_a_gain_counts_customers_not_decisions():
    gains = np.random.default_rng(0).normal(size=500)
    once = gain_of(gains, np.arange(500))
    often = gain_of(np.repeat(gains, 4), np.repeat(np.arange(500), 4))
    assert often.mean == pytest.approx(once.mean)
    assert often.standard_error == pytest.approx(once.standard_error)


def test_a_policy_that_pays_is_adopted_and_earns_most_of_what_there_is():
    lesson, log, _ = a_log(3)
    fitted = fit_policy(lesson, log, care=CARE)
    assert fitted.adopted
    assert fitted.gain.low > 0
    fresh, _, mean = a_log(4)
    earned = mean[np.arange(len(fresh)), fitted.rule.choose(fresh.matrix)].mean()
    assert (earned - mean.mean(axis=0).max()) / (mean.max(axis=1).mean() - mean.mean(axis=0).max()) > 0.8


def test_where_everybody_is_alike_the_constant_action_serves():
    lesson, log, _ = a_log(5, strength=0.0)
    fitted = fit_policy(lesson, log, care=CARE)
    assert not fitted.adopted
    assert log.actions[fitted.rule.constant] == "card"
    assert fitted.evaluation.references["best constant action of the evaluated part"] == constant_name("card")
    assert (fitted.rule.choose(lesson.matrix) == fitted.rule.constant).all()


def test_with_times_the_later_part_judges():
    lesson, log, _ = a_log(6, n=5000)
    fitted = fit_policy(lesson, log, when=np.arange(5000.0) // 100, care=CARE)
    assert fitted.adopted
    assert fitted.evaluation.n_decisions == pytest.approx(5000 / 3, abs=101)
    assert "later" in fitted.judged_on


def test_what_a_fold_is_judged_by_was_chosen_without_its_gains():
    lesson, _, _ = a_log(7, n=1500)
    evidence = gather(lesson, CARE)
    before = honest_choice(evidence)
    own = evidence.fold == 0
    evidence.gains[own] = -evidence.gains[own]
    np.testing.assert_array_equal(honest_choice(evidence)[own], before[own])


def test_every_learner_and_the_blend_are_candidates_and_the_surest_wins():
    lesson, _, _ = a_log(8, n=2000)
    evidence = gather(lesson, CARE)
    found = tuple(candidates(evidence, np.ones(2000, dtype=bool)))
    assert {candidate.learner for candidate in found} == {*LEARNERS, BLEND}
    winner = surest(found)
    assert winner is not None
    assert winner.gain.surely == max(candidate.gain.surely for candidate in found) > 0
    assert surest(()) is None


def test_same_data_and_seed_give_the_same_policy():
    lesson, log, _ = a_log(9, n=1500)
    first, second = (fit_policy(lesson, log, care=CARE) for _ in range(2))
    np.testing.assert_array_equal(first.rule.choose(lesson.matrix), second.rule.choose(lesson.matrix))
    assert first.evaluation.policies[CANDIDATE] == second.evaluation.policies[CANDIDATE]
