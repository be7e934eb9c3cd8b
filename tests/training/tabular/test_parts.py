import numpy as np
import pytest

from decisioning.errors import ArtifactError
from training.logistic import fit_logistic, sigmoid
from training.metrics import log_loss
from training.tabular.calibrating import choose_table_calibration
from training.tabular.folds import blocks, forward, stratified
from training.tabular.isotonic import calibration_from_json, fit_isotonic
from training.tabular.trail import Trail, choose_trail


def test_folds_judge_every_row_once_with_the_same_share_of_either_label():
    label = (np.arange(1000) % 4 == 0).astype(float)
    folds = stratified(label, seed=1)
    assert sorted(np.concatenate([fold.judged for fold in folds]).tolist()) == list(range(1000))
    assert {label[fold.judged].sum() for fold in folds} == {50.0}
    assert all(not set(fold.judged) & set(fold.learned) for fold in folds)


def test_forward_folds_are_judged_by_what_lies_before_them():
    folds = forward(1003)
    assert all(fold.learned.max() + 1 == fold.judged.min() for fold in folds)
    assert folds[-1].judged.max() == 1002


def test_isotonic_rises_never_says_never_and_survives_its_json():
    rng = np.random.default_rng(0)
    margin = rng.normal(size=3000)
    calibration = fit_isotonic(margin, (rng.random(3000) < sigmoid(2 * margin - 1)).astype(float))
    scale = np.linspace(-6, 6, 500)
    found = calibration.apply(scale)
    assert (np.diff(found) >= 0).all()
    assert 0 < found[0] < found[-1] < 1
    np.testing.assert_array_equal(calibration_from_json(calibration.to_json()).apply(scale), found)


def test_a_falling_isotonic_calibration_is_refused():
    with pytest.raises(ArtifactError):
        calibration_from_json({"method": "isotonic", "at": [0.0, 1.0], "to": [1.0, 0.0]})


@pytest.mark.parametrize(("truth", "method"), [(lambda m: m, "none"), (lambda m: 2 * m - 1, "platt")])
def test_calibration_is_chosen_where_it_is_needed(truth, method):
    rng = np.random.default_rng(3)
    margin = rng.normal(size=8000)
    assert choose_table_calibration(margin, (rng.random(8000) < sigmoid(truth(margin))).astype(float)).method == method


def test_a_trail_never_looks_at_the_block_it_moves():
    rng = np.random.default_rng(1)
    margin, label = rng.normal(size=400), (rng.random(400) < 0.7).astype(float)
    parts = blocks(400, 4)
    moved = Trail(100).margins(margin, label, parts=parts)
    altered = label.copy()
    altered[300:] = 1 - altered[300:]
    np.testing.assert_array_equal(Trail(100).margins(margin, altered, parts=parts), moved)
    np.testing.assert_array_equal(moved[:100], margin[:100])


def test_a_trail_is_chosen_where_the_level_moves_and_not_where_it_stays():
    rng = np.random.default_rng(2)
    margin = rng.normal(size=6000)
    still = (rng.random(6000) < sigmoid(margin)).astype(float)
    moving = (rng.random(6000) < sigmoid(margin + np.linspace(-2, 2, 6000))).astype(float)
    assert choose_trail(margin, still, n_blocks=8).window == 0
    assert choose_trail(margin, moving, n_blocks=8).window > 0


def test_columns_that_nearly_repeat_each_other_do_not_lead_newton_astray():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4000, 1))
    design = np.hstack([np.ones((4000, 1)), x, x + 1e-4 * rng.normal(size=(4000, 1)), (x > 2.5) * 40.0])
    label = (rng.random(4000) < sigmoid(6 * x[:, 0] - 6)).astype(float)
    beta = fit_logistic(design, label, penalty=np.full(4, 1e-3), offset=np.zeros(4000))
    constant = np.full(4000, label.mean())
    assert log_loss(label, sigmoid(design @ beta)) < 0.6 * log_loss(label, constant)
