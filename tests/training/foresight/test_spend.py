"""What customers will spend: a chance times an amount, and everybody's mean amount where features say no more."""

import numpy as np
import pytest

from decisioning.errors import InvalidInputError
from training.component_gate import judge_component
from training.encoding import FeatureColumn, FeatureEncoder
from training.foresight.spend import FEWEST_BUYERS, fit_spend
from training.foresight.subject import Subject
from training.logistic import sigmoid
from training.trees import Rows
from training.tuning import Search

VALUE = Subject("value", "Order Completed", 90.0, amount="revenue")
ENCODER = FeatureEncoder(tuple(FeatureColumn(f"x{i}") for i in range(4)))
N = 2500


def spent(seed, *, told=1.0):
    """Who buys is told by x0, how much by x1 as far as `told`, and by chance."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(N, 4))
    mean = 40.0 * np.exp(told * x[:, 1])
    bought = rng.random(N) < sigmoid(1.5 * x[:, 0] - 0.5)
    return Rows(x, np.where(bought, mean * rng.gamma(2.0, 0.5, N), 0.0)), sigmoid(1.5 * x[:, 0] - 0.5) * mean


def fitted(told):
    parts = [spent(seed, told=told) for seed in range(3)]
    customers = np.arange(N).astype(object)
    rows = [part for part, _ in parts]
    model, report = fit_spend(rows, VALUE, encoder=ENCODER, search=Search(trials=2), customer_id=customers)
    return model, report, parts[2]


def test_amounts_that_features_tell_are_learned_and_come_near_the_truth():
    model, report, (rows, truth) = fitted(told=1.0)
    assert model.amount is not None
    assert report.quality.gini > report.simple.gini + 0.1
    expected = model.score_matrix(rows.matrix)
    assert expected.sum() == pytest.approx(truth.sum(), rel=0.15)
    assert np.corrcoef(np.log(expected), np.log(truth))[0, 1] > 0.9
    assert model.score({"x0": 1.0, "x1": 1.0, "x2": 0.0, "x3": 0.0}) > 3 * model.score({"x0": 1.0, "x1": -1.0})


def test_amounts_that_nothing_tells_are_everybodys_mean():
    model, report, (rows, _) = fitted(told=0.0)
    assert model.amount is None
    bought = rows.label > 0
    assert model.amounts(rows.matrix) == pytest.approx(rows.label[bought].mean(), rel=0.1)
    assert report.predicted.tolist() == report.predicted_simple.tolist()


def test_of_few_buyers_amounts_are_everybodys_mean_however_much_features_tell():
    few = spent(0)[0].take(np.arange(FEWEST_BUYERS))
    parts = [few, spent(1)[0], spent(2)[0]]
    customers = np.arange(N).astype(object)
    model, _ = fit_spend(parts, VALUE, encoder=ENCODER, search=Search(trials=2), customer_id=customers)
    assert 10 <= (few.label > 0).sum() < FEWEST_BUYERS
    assert model.amount is None


def test_it_may_serve_where_it_is_no_worse_than_what_is_plainer_and_not_where_it_is():
    _, report, _ = fitted(told=1.0)

    def judged(predicted):
        return judge_component(
            report.losses(predicted),
            {name: report.losses(rival) for name, rival in report.rivals.items()},
            customers=report.customer_id,
            margin=report.margin,
            generator=np.random.default_rng(0),
        )

    assert judged(report.predicted).passed
    backwards = judged(np.random.default_rng(1).permutation(report.predicted))
    assert not backwards.passed
    assert any("not shown to be no worse than the chance times the mean amount" in why for why in backwards.reasons)


def test_too_few_who_spend_are_refused_with_the_counts():
    parts = [spent(0)[0], spent(1)[0], Rows(np.zeros((20, 4)), np.r_[5.0, np.zeros(19)])]
    with pytest.raises(InvalidInputError, match="value evaluation has 20 snapshots, true of 1"):
        fit_spend(parts, VALUE, encoder=ENCODER, search=Search(trials=2), customer_id=np.arange(20).astype(object))
