"""Columns made fit for a linear model: what a bend lets it see, and bundles written before there were any."""

import numpy as np

from training.encoding import FeatureColumn
from training.expansion import Expansion
from training.linear import Linear, LinearShape, Penalties, fit_linear
from training.logistic import sigmoid

COLUMNS = [FeatureColumn("x"), FeatureColumn("rare")]


def fitted(*, bent: bool) -> Linear:
    """A regression of log-odds that rise from the median of x on."""
    generator = np.random.default_rng(1)
    matrix = np.column_stack([generator.normal(size=20_000), generator.random(20_000) < 0.01]).astype(np.float64)
    label = (generator.random(20_000) < sigmoid(1.5 * np.maximum(matrix[:, 0], 0.0))).astype(np.float64)
    shape = LinearShape(COLUMNS, 0, 0, quantiles=(), bent=bent)
    return fit_linear(matrix, label, shape=shape, penalties=Penalties())


def test_a_bend_lets_an_effect_begin_at_the_median():
    points = np.array([[-1.5, 0.0], [-0.5, 0.0], [0.5, 0.0], [1.5, 0.0]])
    flat, _, steep = np.diff(fitted(bent=True).margin(points))
    assert abs(flat) < 0.2 < 1.0 < steep
    assert np.diff(fitted(bent=False).margin(points))[0] > 0.3


def test_what_hardly_varies_has_no_bend():
    assert fitted(bent=True).customer.bends.tolist() == [0]


def test_an_expansion_written_before_there_were_bends_is_read_as_it_was():
    plain = fitted(bent=False).customer
    written = {name: told for name, told in plain.to_json().items() if name not in ("bends", "knots")}
    rows = np.random.default_rng(2).normal(size=(50, 2))
    np.testing.assert_array_equal(Expansion.from_json(written).apply(rows), plain.apply(rows))
