"""What is foreseen travels in the bundle, as text and JSON."""

import lightgbm
import numpy as np
import pytest
from response_world import a_frame, a_layout

from training.bundle import PolicyBundle
from training.bundle_json import bundle_from_json, bundle_to_json
from training.dataset import split_by_time
from training.encoding import FeatureColumn, FeatureEncoder
from training.exposure import evidence_by_time
from training.foreseen_model import EventModel, SpendModel
from training.foresight.fitting import fit_event
from training.foresight.subject import Subject
from training.logistic import sigmoid
from training.propensity import fit_propensity
from training.trees import Rows, Trees
from training.tuning import Search

SEARCH = Search(trials=2)


def an_event_model() -> EventModel:
    encoder = FeatureEncoder(tuple(FeatureColumn(f"x{i}") for i in range(3)))
    rng = np.random.default_rng(3)
    parts = []
    for _ in range(3):
        x = rng.normal(size=(600, 3))
        parts.append(Rows(x, (rng.random(600) < sigmoid(2.0 * x[:, 0])).astype(float)))
    subject = Subject("satisfaction", "Survey Answered", 30.0)
    return fit_event(parts, subject, encoder=encoder, search=SEARCH, customer_id=np.arange(600).astype(object))[0]


def some_amounts():
    rng = np.random.default_rng(5)
    return rng.normal(size=(300, 3)), rng.gamma(2.0, 20.0, 300)


@pytest.fixture(scope="module")
def content():
    parts = split_by_time(a_frame(2000), validation_share=0.3, evaluation_share=0.1)
    layout = a_layout()
    evidence = evidence_by_time(parts, layout, seed=1)
    response, _ = fit_propensity(*evidence, layout=layout, search=SEARCH)
    model = an_event_model()
    trees = Trees(lightgbm.train({"objective": "gamma", "verbose": -1}, lightgbm.Dataset(*some_amounts()), 5))
    spends = {"value": SpendModel(model, trees, 1.25), "value_of_all": SpendModel(model, None, 40.0)}
    bundle = PolicyBundle("", "catalog-1", response, {"churn": model, "satisfaction": model, **spends})
    return bundle, *bundle_to_json(bundle)


def test_every_model_scores_to_the_bit_as_before(content):
    bundle, told, texts = content
    loaded = bundle_from_json({**told, "version": "v"}, texts)
    assert list(loaded.foreseen) == ["churn", "satisfaction", "value", "value_of_all"]
    customers = np.random.default_rng(1).normal(size=(50, 3))
    for name, model in loaded.foreseen.items():
        assert (model.horizon_days, model.foresees) == (30.0, "'Survey Answered' within 30 days")
        assert (model.score_matrix(customers) == bundle.foreseen[name].score_matrix(customers)).all()


def test_a_bundle_of_before_has_its_churn_or_nothing(content):
    bundle, told, texts = content
    before = {name: value for name, value in told.items() if name != "foreseen"} | {"version": "v"}
    assert bundle_from_json({**before, "churn": None}, texts).foreseen == {}
    churn = bundle_from_json({**before, "churn": told["foreseen"]["churn"]}, texts).foreseen["churn"]
    assert churn.score({"x0": 1.0}) == bundle.foreseen["churn"].score({"x0": 1.0})


def test_one_customer_is_foreseen_as_among_many_and_in_bounds(content):
    bundle, told, texts = content
    assert bundle_from_json({**told, "version": "v"}, texts).is_bounded
    rng = np.random.default_rng(2)
    customers = rng.normal(size=(200, 3)) * rng.choice([1e-3, 1.0, 1e3], size=(200, 3))
    customers[rng.random((200, 3)) < 0.1] = np.nan
    customers[rng.random((200, 3)) < 0.1] = 0.0
    columns = {f"x{place}": customers[:, place] for place in range(3)}
    many = bundle.foresee_many(columns, n_rows=200)
    for row in range(200):
        features = {name: None if np.isnan(each[row]) else float(each[row]) for name, each in columns.items()}
        among = {name: chances[row] for name, chances in many.items()}
        assert bundle.foresee(features) == pytest.approx(among, rel=1e-12)
