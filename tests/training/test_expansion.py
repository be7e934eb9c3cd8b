"""Columns made fit for a linear model: what a bend lets it see, and bundles written before there were any."""

from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import numpy as np
import pytest

from training import linear
from training.encoding import FeatureColumn
from training.expansion import COLUMNS_AT_ONCE, Expansion
from training.linear import Linear, LinearShape, fit_linear
from training.logistic import sigmoid
from training.ridge import Penalties

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


def test_only_tails_are_drawn_in():
    generator = np.random.default_rng(3)
    columns = [FeatureColumn("even"), FeatureColumn("tailed")]
    rows = np.column_stack([generator.normal(size=20_000), np.exp(2 * generator.normal(size=20_000))])
    drawn = Expansion.fit(rows, columns, only=(0, 1), quantiles=(), plain=True).apply(rows)
    even, straight = drawn[:, 1], (rows[:, 0] - rows[:, 0].mean()) / rows[:, 0].std()
    assert np.abs(even - np.clip(straight, -4.0, 4.0)).max() < 0.02
    assert np.corrcoef(drawn[:, 2], rows[:, 1])[0, 1] < 0.7 < np.corrcoef(drawn[:, 2], np.log(rows[:, 1]))[0, 1]


def test_actions_differ_in_slopes_and_not_in_steps():
    generator = np.random.default_rng(4)
    matrix = np.column_stack([generator.normal(size=(4_000, 2)), np.repeat([0.0, 1.0], 2_000)])
    label = (generator.random(4_000) < sigmoid(np.where(matrix[:, 2] == 1.0, matrix[:, 0], -matrix[:, 0]))).astype(
        float
    )
    columns = [*COLUMNS, FeatureColumn("action", "category", ("a", "b"))]
    fitted = fit_linear(matrix, label, shape=LinearShape(columns, 2, 2), penalties=Penalties(own=10.0))
    steps = np.delete(np.arange(fitted.customer.width), fitted.customer.smooth)
    assert len(steps) == 4
    assert not fitted.own[:, steps].any()
    assert fitted.own[0, 1] < -0.5 < 0.5 < fitted.own[1, 1]


def test_columns_are_looked_at_some_at_a_time_and_found_as_each_alone():
    generator = np.random.default_rng(5)
    rows = np.exp(generator.normal(size=(500, 2 * COLUMNS_AT_ONCE + 3)))
    rows[generator.random(rows.shape) < 0.2] = np.nan
    columns = [FeatureColumn(f"x{place}") for place in range(rows.shape[1])]
    together = Expansion.fit(rows, columns, only=range(len(columns)), bent=True)
    assert together.bends.tolist() == list(range(len(columns)))
    for place in range(len(columns)):
        alone = Expansion.fit(rows, columns, only=[place], bent=True)
        np.testing.assert_allclose(
            [together.centers[place], together.scales[place]], [alone.centers[0], alone.scales[0]]
        )
        np.testing.assert_allclose(together.knots[place], alone.knots[0])


def test_threads_that_regress_side_by_side_hold_one_expanded_matrix_at_a_time(monkeypatch: pytest.MonkeyPatch):
    held, most, expanded = [0], [0], linear._design

    def watched(*arguments: Any) -> Any:
        held[0] += 1
        most[0] = max(most[0], held[0])
        sleep(0.02)
        held[0] -= 1
        return expanded(*arguments)

    alone = fitted(bent=True)
    monkeypatch.setattr(linear, "_design", watched)
    with ThreadPoolExecutor(max_workers=3) as threads:
        together = list(threads.map(lambda bent: fitted(bent=bent), [True, True, True]))
    assert most == [1]
    for each in together:
        np.testing.assert_array_equal(each.pooled, alone.pooled)
