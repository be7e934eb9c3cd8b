from datetime import timedelta

import numpy as np
import pytest
from feature_shop import FEATURES, START, Shop, viewed

from decisioning.errors import InvalidInputError
from features.history import History
from features.workspace import Churn
from training.churn import feature_columns, fit_churn, read_snapshots, split_snapshots, train_churn
from training.encoding import FeatureColumn, FeatureEncoder
from training.logistic import sigmoid
from training.trees import Rows
from training.tuning import Search

CHURN = Churn(event="Account Closed", horizon_days=30.0)
DAY = timedelta(days=1)
AS_OF = START + 200 * DAY
SEARCH = Search(trials=3, seed=1)


def closed(user, at):
    return {"type": "track", "event": "Account Closed", "userId": user, "timestamp": at.isoformat()}


@pytest.fixture
def shop(tmp_path):
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def test_a_snapshot_says_whether_the_customer_left_within_the_horizon(shop):
    shop.send(viewed("stays"), at=START, backfill=True)
    shop.send(viewed("leaves"), at=START, backfill=True)
    shop.send(closed("leaves", START + 100 * DAY), at=START + 100 * DAY, backfill=True)
    snapshots = read_snapshots(shop.ledger, CHURN, as_of=AS_OF, seed=1)
    leaves = snapshots.customer_id == shop.customer("leaves")
    days = (snapshots.at_us - snapshots.at_us.min()) / 86_400e6
    assert days[~leaves].tolist() == [0, 30, 60, 90, 120, 150]
    assert snapshots.left[~leaves].sum() == 0
    assert days[leaves].tolist() == [0, 30, 60]  # days 20, 50 and 80 of the shop
    assert snapshots.left[leaves].tolist() == [0, 0, 1]


def test_nobody_is_asked_about_before_they_came(shop):
    shop.send(viewed("old"), at=START, backfill=True)
    shop.send(viewed("new"), at=START + 160 * DAY, backfill=True)
    snapshots = read_snapshots(shop.ledger, CHURN, as_of=AS_OF, seed=1)
    assert (snapshots.customer_id == shop.customer("new")).sum() == 1


def test_the_parts_are_a_horizon_apart(shop):
    shop.send(viewed("stays"), at=START, backfill=True)
    snapshots = read_snapshots(shop.ledger, CHURN, as_of=AS_OF, seed=1)
    train, validation, evaluation = split_snapshots(snapshots, horizon_days=30.0)
    horizon = 30 * 86_400_000_000
    assert train.at_us.max() + horizon <= validation.at_us.min()
    assert validation.at_us.max() + horizon <= evaluation.at_us.min()
    with pytest.raises(InvalidInputError, match="more than twice its horizon of 90 days"):
        split_snapshots(snapshots, horizon_days=90.0)


def some_rows(seed, n=1500):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    return Rows(x, (rng.random(n) < sigmoid(1.5 * x[:, 0] - 1.5)).astype(float))


def test_a_model_is_judged_beside_the_simple_one_and_the_base_rate():
    encoder = FeatureEncoder(tuple(FeatureColumn(f"x{i}") for i in range(4)))
    customers = np.arange(1500).astype(object)
    model, report = fit_churn(
        [some_rows(seed) for seed in range(3)], encoder=encoder, search=SEARCH, horizon_days=30.0, customer_id=customers
    )
    assert report.quality.auc > 0.75
    assert report.quality.calibration_error < 2.5 * report.quality.calibration_floor
    assert report.quality.log_loss <= report.simple.log_loss + 0.005
    assert model.score({"x0": 2.0}) > 0.5 > model.score({"x0": -2.0})
    assert 0.0 < model.score({}) < 1.0


def test_too_few_leavers_are_refused_with_the_counts():
    encoder = FeatureEncoder(tuple(FeatureColumn(f"x{i}") for i in range(4)))
    parts = [some_rows(0), some_rows(1), Rows(np.zeros((20, 4)), np.zeros(20))]
    with pytest.raises(InvalidInputError, match="churn evaluation has 20 snapshots of which 0 left"):
        fit_churn(parts, encoder=encoder, search=SEARCH, horizon_days=30.0, customer_id=np.arange(20).astype(object))


def test_the_whole_way_goes_through_feast_and_finds_who_falls_silent(shop):
    rng = np.random.default_rng(0)
    events = []
    for customer in range(150):
        ends = float(rng.uniform(40, 400))
        events += [
            viewed(f"u-{customer}", timestamp=(START + day * DAY).isoformat())
            for day in np.arange(0.5, min(ends - 25, 199), 6)
        ]
        if ends < 199:
            events.append(closed(f"u-{customer}", START + ends * DAY))
    shop.send(*events, at=AS_OF, backfill=True)
    History(shop.home.history, FEATURES).catch_up(shop.ledger)
    model, report = train_churn(shop.ledger, shop.home, FEATURES, churn=CHURN, as_of=AS_OF, search=SEARCH)
    assert report.quality.auc > 0.8
    assert [column.name for column in model.encoder.columns] == list(FEATURES.names)
    assert feature_columns(FEATURES) == model.encoder.columns
