"""How much of the trees serves: none, where later rows do not surely show that they better the simple model."""

import numpy as np

from training.blend_fit import WEIGHTS, simplest
from training.metrics import log_losses

N = 2_000


def chosen(difference: float, seed: int) -> float:
    """The weight that rows choose, on which the trees are better by so much on average, give or take their noise."""
    generator = np.random.default_rng([7, seed])
    label = (generator.random(N) < 0.3).astype(np.float64)
    even = log_losses(label, np.clip(0.3 + 0.05 * generator.normal(size=N), 0.05, 0.95))
    noise = 0.1 * generator.normal(size=N)
    return simplest({weight: even - weight * (difference + noise) for weight in WEIGHTS})


def test_trees_that_are_no_better_are_seldom_chosen_by_luck():
    assert np.mean([chosen(0.0, seed) > 0.0 for seed in range(300)]) <= 0.08


def test_trees_that_are_better_are_chosen():
    assert all(chosen(0.02, seed) == 1.0 for seed in range(50))


def test_a_single_row_chooses_nothing():
    assert simplest({weight: np.array([1.0 - weight]) for weight in WEIGHTS}) == 0.0
