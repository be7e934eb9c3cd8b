from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from decisioning.errors import ArtifactError
from training.calibration import Calibration, choose_among, choose_calibration, fit_beta, fit_platt
from training.logistic import sigmoid
from training.metrics import log_loss


def a_sample(n=8000, *, slope=1.0, shift=0.0, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(-1.0, 1.2, n)
    return slope * truth + shift, (rng.random(n) < sigmoid(truth)).astype(float)


@given(st.floats(0, 5), st.floats(0, 5), st.floats(-5, 5))
def test_every_calibration_is_monotone_and_gives_probabilities(a, b, c):
    p = Calibration("beta", a, b, c).apply(np.linspace(-20, 20, 50))
    assert (np.diff(p) >= -1e-12).all()
    assert ((p >= 0) & (p <= 1)).all()


def test_platt_undoes_overconfidence():
    margin, label = a_sample(slope=3.0, shift=0.5)
    assert fit_platt(margin, label).a == pytest.approx(1 / 3, abs=0.03)


def test_platt_agrees_with_scikit_learn():
    margin, label = a_sample(2000, slope=2.0)
    model = LogisticRegression(C=1e9).fit(margin[:, None], label)
    found = fit_platt(margin, label)
    assert (found.a, found.c) == pytest.approx((model.coef_[0, 0], model.intercept_[0]), abs=1e-3)


def test_beta_bends_each_end_by_itself():
    rng = np.random.default_rng(1)
    margin = rng.normal(0, 2, 20_000)
    label = (rng.random(margin.size) < Calibration("beta", 0.5, 2.0, 0.1).apply(margin)).astype(float)
    found = fit_beta(margin, label)
    assert (found.a, found.b, found.c) == pytest.approx((0.5, 2.0, 0.1), abs=0.12)


@pytest.mark.parametrize(("a", "b"), [(2.0, -0.5), (-0.5, 2.0)])
def test_where_one_end_would_turn_round_both_ends_have_one_slope(a, b):
    margin = np.random.default_rng(1).normal(0, 2, 20_000)
    chance = sigmoid(-a * np.logaddexp(0.0, -margin) + b * np.logaddexp(0.0, margin))
    label = (np.random.default_rng(2).random(margin.size) < chance).astype(float)
    assert fit_beta(margin, label) == fit_platt(margin, label)


def test_what_is_calibrated_already_is_left_alone():
    assert choose_calibration(*a_sample()).method == "none"


def test_what_is_off_is_mended_on_rows_it_did_not_see():
    margin, label = a_sample(slope=2.5, shift=-1.0)
    later, truth = a_sample(slope=2.5, shift=-1.0, seed=5)
    found = choose_calibration(margin, label)
    assert found.method in {"platt", "beta"}
    assert log_loss(truth, found.apply(later)) < log_loss(truth, sigmoid(later)) - 0.01


def test_few_positives_calibrate_nothing():
    margin, _ = a_sample(500)
    assert choose_calibration(margin, np.r_[np.ones(5), np.zeros(495)]).method == "none"


@dataclass(frozen=True)
class Constantly:
    """Whoever it is: this probability."""

    probability: float

    def apply(self, margin):
        return np.full(len(margin), self.probability)


def chosen_of(probabilities, *, label=None, **how):
    """Which of several constants is chosen for labels of which half are 1."""
    label = np.tile([1.0, 1.0, 0.0, 0.0], 100) if label is None else label
    fitters = {str(p): lambda _margin, _label, p=p: Constantly(p) for p in probabilities}
    return choose_among(fitters, np.zeros(len(label)), label, **how).probability


@pytest.mark.parametrize("later", [False, True])
@pytest.mark.parametrize(
    ("probabilities", "chosen"),
    [
        ((0.505, 0.5), 0.505),
        ((0.51, 0.5), 0.5),
        ((0.6, 0.5, 0.51), 0.5),
        ((0.6, 0.51, 0.5), 0.5),
        ((0.5, 0.6, 0.5), 0.5),
    ],
)
def test_the_lowest_loss_is_chosen_and_one_that_is_hardly_lower_yields_to_the_simpler(probabilities, chosen, later):
    assert chosen_of(probabilities, later=later) == chosen


@pytest.mark.parametrize("few", [0.0, 1.0])
@pytest.mark.parametrize(("n", "chosen"), [(49, 0.5), (50, 0.05)])
def test_of_fewer_than_fifty_of_either_label_the_simplest_is_taken(few, n, chosen):
    label = np.where(np.arange(1000) % 1000 < n, few, 1.0 - few)
    mostly = chosen if few else 1.0 - chosen
    assert chosen_of((0.5, 0.05 if few else 0.95), label=np.random.default_rng(0).permutation(label)) == mostly


@pytest.mark.parametrize("later", [False, True])
def test_a_method_judges_rows_that_it_was_not_fitted_on_and_those_after_if_told_so(later):
    """What learns its rows by heart is right of them alone."""
    fitted = []

    @dataclass(frozen=True)
    class ByHeart:
        known: dict

        def apply(self, margin):
            return np.array([0.999 if self.known.get(each) else 0.001 for each in margin])

    def learned(margin, label):
        fitted.append(margin.tolist())
        return ByHeart(dict(zip(margin, label, strict=True)))

    n = 400
    label = np.where(np.arange(n) % 4 < 2, 1.0, 0.0)
    place = np.arange(float(n))
    choose_among({"plain": lambda _margin, _label: Constantly(0.5), "heart": learned}, place, label, later=later)
    halves = [place[: n // 2]] if later else [place[1::2], place[::2]]
    assert fitted == [each.tolist() for each in halves]


def test_a_score_that_points_the_wrong_way_becomes_the_base_rate():
    margin, label = a_sample(slope=-1.0)
    p = fit_platt(margin, label).apply(margin)
    np.testing.assert_allclose(p, label.mean())


def test_it_survives_json_and_refuses_nonsense():
    found = Calibration("beta", 0.5, 1.5, -0.2)
    assert Calibration.from_json(found.to_json()) == found
    changes = ({"method": "isotonic"}, {"a": -1.0}, {"b": -1.0}, {"c": "x"}, {"c": None}, {"c": float("nan")})
    for wrong in ({"method": "isotonic"}, *({**found.to_json(), **change} for change in changes)):
        with pytest.raises(ArtifactError, match=r"bundle\.json"):
            Calibration.from_json(wrong)
