import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import log_loss as reference_log_loss
from sklearn.metrics import roc_auc_score

from training.metrics import Quality, auc, calibration_error, calibration_floor, gain_curve, log_loss

SEEDS = st.integers(0, 2**32 - 1)


def a_sample(seed, n=300):
    rng = np.random.default_rng(seed)
    p = np.round(rng.uniform(0.01, 0.99, n), 2)
    return (rng.random(n) < p).astype(float), p


@given(SEEDS)
def test_auc_and_log_loss_agree_with_scikit_learn(seed):
    label, p = a_sample(seed)
    assert auc(label, p) == pytest.approx(roc_auc_score(label, p))
    assert log_loss(label, p) == pytest.approx(reference_log_loss(label, p))


@given(SEEDS)
def test_auc_is_unmoved_by_a_monotone_map_and_mirrored_by_reversal(seed):
    label, p = a_sample(seed)
    assert auc(label, np.log(p)) == pytest.approx(auc(label, p))
    assert auc(label, -p) == pytest.approx(1 - auc(label, p))


def test_what_is_undefined_is_nan():
    assert np.isnan(auc(np.zeros(3), np.arange(3.0)))
    assert np.isnan(log_loss(np.zeros(0), np.zeros(0)))
    assert np.isnan(calibration_error(np.zeros(0), np.zeros(0)))
    assert np.isnan(gain_curve(np.zeros(4), np.arange(4.0))[1]).all()


def test_the_floor_is_what_a_perfect_model_reaches():
    label, p = a_sample(3, n=5000)
    floor = calibration_floor(p)
    assert calibration_error(label, p) == pytest.approx(floor, abs=0.02)
    assert calibration_error(label, np.clip(p + 0.2, 0, 1)) > 4 * floor


def test_the_floor_of_700_rows_is_the_published_one():
    p = np.random.default_rng(0).beta(1.2, 3.2, 700)
    assert 0.025 < calibration_floor(p) < 0.05  # quality.md C: 0.035 to 0.045 on telco


def test_the_gain_curve_of_a_perfect_score_rises_to_one_at_the_base_rate():
    label = np.r_[np.ones(20), np.zeros(80)]
    share, gain = gain_curve(label, label)
    assert gain[share >= 0.2] == pytest.approx(1.0)
    assert (np.diff(gain) >= 0).all()
    assert gain[0] == 0.0


def test_quality_counts_and_measures():
    label, p = a_sample(1)
    quality = Quality.of(label, p)
    assert (quality.n_rows, quality.n_positive) == (300, int(label.sum()))
    assert quality.auc == auc(label, p)
