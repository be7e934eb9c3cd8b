"""How far an uplift is drawn in: the least-squares slope of the residuals, its error, and what it does to an uplift."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.shrinkage import EffectRows, Shrinkage, fit_shrinkage


def some_rows(seed, n=60, *, slope=0.5):
    """Rows of two actions whose true uplift is the stated one, drawn toward 0.1 and 0.3 by this slope."""
    rng = np.random.default_rng(seed)
    code = rng.integers(0, 2, n).astype(float)
    center, share, baseline = 0.1 + 0.2 * code, rng.uniform(0.2, 0.8, n), rng.uniform(0.2, 0.4, n)
    stated = center + rng.normal(0, 0.1, n)
    shown = (rng.random(n) < share).astype(float)
    truth = baseline + shown * (center + slope * (stated - center))
    return EffectRows(code, shown, (rng.random(n) < truth).astype(float), share, baseline, stated)


@given(st.integers(0, 2**32 - 1))
def test_slope_and_error_are_those_of_least_squares_on_the_residuals_robust_to_unequal_noise(seed):
    rows = some_rows(seed)
    found = fit_shrinkage(rows, n_actions=2)
    means = {code: rows.uplift[rows.code == code].mean() for code in (0.0, 1.0)}
    assert found.centers == pytest.approx([means[0.0], means[1.0], 0.0])
    center = np.array([means[code] for code in rows.code])
    exposure = rows.shown - rows.share
    x, y = (
        exposure * (rows.uplift - center),
        rows.outcome - rows.baseline - rows.share * rows.uplift - exposure * center,
    )
    (slope,) = np.linalg.lstsq(x[:, None], y, rcond=None)[0]
    assert found.slope == pytest.approx(min(max(slope, 0.0), 1.0), abs=1e-9)
    bread = 1 / (x @ x)
    assert found.standard_error == pytest.approx(np.sqrt(bread * (x**2 @ (y - slope * x) ** 2) * bread))


def test_the_error_is_how_far_slopes_lie_apart():
    found = [fit_shrinkage(some_rows(seed, 20_000), n_actions=2) for seed in range(100)]
    slopes = [each.slope for each in found]
    assert np.mean(slopes) == pytest.approx(0.5, abs=0.03)
    assert np.std(slopes) == pytest.approx(np.mean([each.standard_error for each in found]), rel=0.3)


@pytest.mark.parametrize("n", [0, 1])
def test_of_rows_that_tell_nothing_apart_the_slope_is_0_and_nothing_is_known_of_it(n):
    found = fit_shrinkage(some_rows(1).take(np.arange(n)), n_actions=2)
    assert found.slope == 0.0
    assert np.isnan(found.standard_error)


@given(st.floats(-1, 1), st.integers(0, 3), st.floats(0, 1))
def test_an_uplift_is_drawn_toward_its_actions_center_by_the_slope_and_an_unknown_actions_toward_the_last(
    uplift, code, slope
):
    centers = np.array([0.1, 0.3, 0.0])
    (drawn,) = Shrinkage(centers, slope, 0.1).apply(np.array([uplift]), np.array([float(code)]))
    center = centers[min(code, 2)]
    assert drawn == pytest.approx(slope * uplift + (1 - slope) * center, abs=1e-12)


@given(st.floats(0, 1), st.floats(0.01, 1))
def test_more_rows_never_draw_in_more_and_as_many_rows_draw_in_as_before(slope, share):
    again = Shrinkage(np.zeros(1), slope, 0.1).learned_again(share).slope
    assert slope - 1e-12 <= again <= 1.0
    assert Shrinkage(np.zeros(1), slope, 0.1).learned_again(1.0).slope == pytest.approx(slope)
