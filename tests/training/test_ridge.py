"""Ridge: what coefficients are held back by, and the signs they may have."""

from functools import partial

import numpy as np
import pytest

from training.encoding import FeatureColumn
from training.linear import LinearShape, fit_linear
from training.logistic import sigmoid
from training.ridge import Penalties, Problem, fit_own, fit_pooled, fit_signed


def a_problem(slopes: list[float], n: int = 3_000) -> Problem:
    """Rows whose log-odds rise so with each feature, the intercept first."""
    generator = np.random.default_rng(5)
    design = np.column_stack([np.ones(n), generator.normal(size=(n, len(slopes)))]).astype(np.float32)
    label = (generator.random(n) < sigmoid(design[:, 1:] @ np.array(slopes))).astype(np.float64)
    return Problem(design, label, np.zeros(n))


FIT = partial(fit_pooled, Penalties())


@pytest.mark.parametrize("on", [0.0, np.array([0.0, 2.0, -2.0, 0.5])])
def test_what_is_added_up_has_the_signs_wanted_and_the_rest_is_fitted_around_it(on):
    problem, signs = a_problem([1.0, -1.0, 0.3]), np.array([0, -1, 1, 0])
    added = np.broadcast_to(on, 4)
    found = fit_signed(problem, FIT, signs=signs, on=on)
    total = found + added
    assert (total * signs >= 0).all()
    held = (total == 0) & (signs != 0)
    assert held.any()
    around = Problem(problem.design[:, ~held], problem.label, problem.design[:, held] @ -added[held])
    np.testing.assert_allclose(found[~held], FIT(around), atol=1e-6)


@pytest.mark.parametrize("signs", [[0, 0, 0, 0], [0, 1, -1, 1]])
def test_signs_that_hold_anyway_change_nothing(signs):
    problem = a_problem([1.0, -1.0, 0.3])
    np.testing.assert_array_equal(fit_signed(problem, FIT, signs=np.array(signs)), FIT(problem))


def test_the_larger_the_penalty_the_smaller_a_coefficient_and_an_intercept_is_hardly_held():
    problem = a_problem([1.0])
    far = Problem(problem.design, np.ones_like(problem.label) - (np.arange(3_000) % 20 == 0), problem.offset)
    slopes = [fit_pooled(Penalties(pooled=strength), problem)[1] for strength in (1.0, 300.0, 30_000.0)]
    assert slopes[0] > 2 * slopes[2] > 0.0
    assert slopes == sorted(slopes, reverse=True)
    assert fit_pooled(Penalties(pooled=1e6), far)[0] == pytest.approx(np.log(19.0), abs=0.02)
    assert 0.5 < fit_own(Penalties(own=1e6), far)[0] < np.log(19.0)


def test_curvature_is_how_fast_the_slope_of_the_likelihood_changes():
    problem, at, step = a_problem([1.0, -1.0]), np.array([0.1, 0.5, -0.5]), 1e-2

    def slope(beta: np.ndarray) -> np.ndarray:
        return problem.design.T.astype(float) @ sigmoid(problem.design.astype(float) @ beta)

    by_hand = [
        (slope(at + step * each)[place] - slope(at - step * each)[place]) / (2 * step)
        for place, each in enumerate(np.eye(3))
    ]
    np.testing.assert_allclose(problem.curvature(at), by_hand, rtol=1e-3)


def test_where_few_features_matter_to_an_action_each_is_held_by_how_much_it_does():
    generator = np.random.default_rng(6)
    n, width = 4_000, 30
    columns = [*(FeatureColumn(f"x{place}") for place in range(width)), FeatureColumn("action", "category", ("a", "b"))]
    rows = np.column_stack([generator.normal(size=(n, width)), np.repeat([0.0, 1.0], n // 2)])
    truth = np.where(rows[:, -1] == 0.0, 1.5 * rows[:, 0] - rows[:, 1], -rows[:, 2])
    label = (generator.random(n) < sigmoid(truth)).astype(np.float64)
    shape = LinearShape(columns, width, 2, quantiles=())
    even, each = (
        fit_linear(rows, label, shape=shape, penalties=Penalties(own=30.0, rounds=rounds)).margin(rows)
        for rounds in (0, 2)
    )
    assert np.square(each - truth).mean() < 0.8 * np.square(even - truth).mean()
