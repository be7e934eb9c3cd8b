"""The simple model: what actions have in common, how much each row says of it, and how many rows there are."""

import numpy as np
import pytest

from training.encoding import ActionTable, FeatureColumn, FeatureEncoder, Layout
from training.exposure import most_control
from training.linear import Linear, LinearShape, fit_linear
from training.logistic import WIDE, fit_logistic, sigmoid
from training.ridge import Penalties

N_ACTIONS = 8


def fitted(shown: list[int], slopes: list[float]) -> Linear:
    """Actions that were shown so often, whose log-odds rise so with the one feature."""
    generator, codes = np.random.default_rng(1), np.repeat(np.arange(len(shown)), shown)
    x = generator.normal(size=len(codes))
    label = (generator.random(len(codes)) < sigmoid(np.array(slopes)[codes] * x)).astype(np.float64)
    names = tuple(f"a{code}" for code in range(len(shown)))
    columns = [FeatureColumn("x"), FeatureColumn("action", "category", names)]
    shape = LinearShape(columns, 1, len(shown), quantiles=(), plain=True)
    return fit_linear(np.column_stack([x, codes]), label, shape=shape, penalties=Penalties(own=30.0))


def slope_of_another(model: Linear) -> float:
    """How the log-odds of an action that nobody was shown rise with the feature."""
    low, high = model.margin(np.array([[-0.5, np.nan], [0.5, np.nan]]))
    return float(high - low)


def test_what_actions_have_in_common_is_not_that_of_the_one_that_is_shown_most():
    others = N_ACTIONS - 1
    model = fitted([40_000, *[1_000] * others], [1.0, *[-0.2] * others])
    assert slope_of_another(model) < 0.2
    assert np.diff(model.margin(np.array([[-0.5, 0.0], [0.5, 0.0]])))[0] == pytest.approx(1.0, abs=0.05)


def test_an_action_that_was_hardly_shown_says_hardly_anything_of_what_is_common():
    model = fitted([1_000, 1_000, 1_000, 10], [0.5, 0.5, 0.5, -20.0])
    assert slope_of_another(model) == pytest.approx(0.5, abs=0.15)


@pytest.mark.parametrize("width", [4, WIDE + 4])
def test_a_row_that_counts_twice_is_two_rows(width: int):
    generator = np.random.default_rng(2)
    design, label = generator.normal(size=(900, width)), (generator.random(900) < 0.4).astype(np.float64)
    twice = np.arange(900) < 300
    rows = np.concatenate([np.flatnonzero(twice), np.arange(900)])
    even = {"penalty": np.full(width, 3.0), "tolerance": 1e-8}
    weighted = fit_logistic(design, label, offset=np.zeros(900), weight=1.0 + twice, **even)
    repeated = fit_logistic(design[rows], label[rows], offset=np.zeros(1_200), **even)
    np.testing.assert_allclose(weighted, repeated, atol=1e-4)


@pytest.mark.parametrize(("width", "rows"), [(20, 1_200_000), (40, 500_000), (100, 100_000), (300, 80_000)])
def test_what_happens_anyway_is_learned_from_the_more_rows_the_narrower_they_are(width: int, rows: int):
    of_actions = len(Layout(FeatureEncoder(()), ActionTable(())).columns)
    customer = tuple(FeatureColumn(f"x{place}") for place in range(width - of_actions))
    assert most_control(Layout(FeatureEncoder(customer), ActionTable(()))) == rows
