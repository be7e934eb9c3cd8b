"""The Qini curve."""

import numpy as np
import pytest

from training.qini import qini


def a_trial(seed, n=40_000):
    generator = np.random.default_rng(seed)
    probability = generator.uniform(0.1, 0.6, n)
    treated = generator.random(n) < probability
    effect = generator.choice([0.0, 0.2], n)
    outcome = (generator.random(n) < 0.1 + effect * treated).astype(float)
    return effect, outcome, treated, probability


def test_it_ends_at_the_average_effect_whatever_the_order_is():
    effect, outcome, treated, probability = a_trial(1)
    for uplift in (effect, -effect, np.zeros(len(effect))):
        found = qini(uplift, outcome, treated=treated, probability=probability)
        assert found.gained[0] == 0.0
        assert found.gained[-1] == pytest.approx(0.1, abs=0.02)


def test_the_true_order_gains_nearly_everything_from_half_and_the_reverse_nothing():
    effect, outcome, treated, probability = a_trial(2)
    best, worst = (qini(s * effect, outcome, treated=treated, probability=probability, n_points=2) for s in (1, -1))
    assert best.gained[1] == pytest.approx(0.1, abs=0.02)
    assert worst.gained[1] == pytest.approx(0.0, abs=0.02)
    assert best.coefficient > 0 > worst.coefficient


def test_a_made_up_order_has_no_coefficient_in_twenty_trials_beyond_noise():
    found = []
    for seed in range(20):
        _, outcome, treated, probability = a_trial(seed)
        made_up = np.random.default_rng(100 + seed).random(len(outcome))
        found.append(qini(made_up, outcome, treated=treated, probability=probability).coefficient)
    assert abs(np.mean(found)) < 0.002
