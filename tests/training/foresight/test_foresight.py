from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from feature_shop import FEATURES, START, Shop, viewed

from decisioning.errors import InvalidInputError
from features.history import History
from features.instant import to_us
from features.training_section import Churn, Satisfaction, ServiceNeed, Spend, Training
from training.encoding import FeatureColumn, FeatureEncoder
from training.feature_column import feature_columns
from training.foreseen_model import EventModel
from training.foresight.fitting import fit_event
from training.foresight.known import read_known
from training.foresight.learn import learn_foreseen, learn_subject
from training.foresight.past import Past
from training.foresight.snapshot import read_snapshots, split_snapshots
from training.foresight.subject import Subject, subjects_of
from training.logistic import sigmoid
from training.trees import Rows
from training.tuning import Search

CHURN = Subject("churn", "Account Closed", 30.0, gone="Account Closed")
NEED = Subject("service_need", "Ticket Opened", 30.0, gone="Account Closed")
VALUE = Subject("value", "Order Completed", 30.0, gone="Account Closed", amount="revenue")
SATISFACTION = Subject("satisfaction", "Survey Answered", 30.0, answer="nps", at_most=6.0)
DAY = timedelta(days=1)
AS_OF = START + 200 * DAY
SEARCH = Search(trials=3, seed=1)


def tracked(user, event, day, **properties):
    at = (START + day * DAY).isoformat()
    return {"type": "track", "event": event, "userId": user, "timestamp": at, "properties": properties}


def closed(user, day):
    return tracked(user, "Account Closed", day)


@pytest.fixture
def shop(tmp_path):
    opened = Shop(tmp_path)
    yield opened
    opened.close()


def snapshots_of(shop, subject):
    return read_snapshots(read_known(shop.ledger, [subject], until_us=to_us(AS_OF)), subject, as_of=AS_OF, seed=1)


def of(shop, snapshots, user):
    """(days since the shop opened, labels) of one customer's snapshots."""
    rows = snapshots.take(snapshots.customer_id == shop.customer(user))
    return ((rows.at_us - to_us(START)) // 86_400_000_000).tolist(), rows.label.tolist()


def test_a_snapshot_says_whether_the_customer_left_within_the_horizon(shop):
    shop.send(viewed("stays"), viewed("leaves"), at=START, backfill=True)
    shop.send(closed("leaves", 100), at=AS_OF, backfill=True)
    snapshots = snapshots_of(shop, CHURN)
    assert of(shop, snapshots, "stays") == ([20, 50, 80, 110, 140, 170], [0] * 6)
    assert of(shop, snapshots, "leaves") == ([20, 50, 80], [0, 0, 1])


def test_whoever_needed_service_once_is_asked_about_again_until_they_leave(shop):
    needs = [tracked("needs", "Ticket Opened", day) for day in (60, 75, 165)]
    shop.send(viewed("needs"), at=START, backfill=True)
    shop.send(*needs, closed("needs", 150), at=AS_OF, backfill=True)
    assert of(shop, snapshots_of(shop, NEED), "needs") == ([20, 50, 80, 110, 140], [0, 1, 0, 0, 1])


def test_satisfaction_is_asked_of_those_who_answer_within_the_horizon_and_their_next_answer_counts(shop):
    answers = [(60, {"nps": 3}), (70, {"nps": 9}), (100, {"nps": 6}), (130, {"nps": 7})]
    told = [tracked("tells", "Survey Answered", day, **properties) for day, properties in answers]
    shop.send(viewed("tells"), viewed("silent"), at=START, backfill=True)
    shop.send(*told, at=AS_OF, backfill=True)
    snapshots = snapshots_of(shop, SATISFACTION)
    assert of(shop, snapshots, "tells") == ([50, 80, 110], [1, 1, 0])
    assert of(shop, snapshots, "silent") == ([], [])


def test_what_a_customer_spends_is_added_up_over_the_horizon(shop):
    bought = [(55, 10.0), (79.9, 2.5), (80.1, 4.0), (141, -3.0)]
    orders = [tracked("buys", "Order Completed", day, revenue=revenue) for day, revenue in bought]
    shop.send(viewed("buys"), viewed("looks"), at=START, backfill=True)
    shop.send(*orders, tracked("buys", "Order Completed", 60, revenue="?"), at=AS_OF, backfill=True)
    snapshots = snapshots_of(shop, VALUE)
    assert of(shop, snapshots, "buys") == ([20, 50, 80, 110, 140, 170], [0.0, 12.5, 4.0, 0.0, 0.0, 0.0])
    assert of(shop, snapshots, "looks") == ([20, 50, 80, 110, 140, 170], [0.0] * 6)


def test_what_is_spent_in_another_currency_is_not_added(shop):
    prices = [(55, {"currency": "EUR"}), (60, {"currency": "JPY"}), (65, {})]
    orders = [tracked("buys", "Order Completed", day, revenue=10.0, **said) for day, said in prices]
    shop.send(viewed("buys"), at=START, backfill=True)
    shop.send(*orders, at=AS_OF, backfill=True)
    assert of(shop, snapshots_of(shop, VALUE), "buys")[1][1] == 30.0
    assert of(shop, snapshots_of(shop, replace(VALUE, currency="EUR")), "buys")[1][1] == 20.0


def test_what_nobody_spends_in_the_currency_is_not_foreseen_unless_it_is_declared(shop):
    shop.send(tracked("buys", "Order Completed", 60, revenue=10.0, currency="JPY"), at=AS_OF, backfill=True)
    (*_, value) = subjects_of(Training(), currency="EUR")
    known = read_known(shop.ledger, [value], until_us=to_us(AS_OF))
    assert [known.tells(each) for each in (value, replace(value, currency="JPY"))] == [False, True]


def test_nobody_is_asked_about_before_they_came(shop):
    shop.send(viewed("old"), at=START, backfill=True)
    shop.send(viewed("new"), at=START + 160 * DAY, backfill=True)
    assert of(shop, snapshots_of(shop, CHURN), "new") == ([170], [0])


def test_the_parts_are_a_horizon_apart(shop):
    shop.send(viewed("stays"), at=START, backfill=True)
    snapshots = snapshots_of(shop, CHURN)
    train, validation, evaluation = split_snapshots(snapshots, CHURN)
    assert train.at_us.max() + CHURN.horizon_us <= validation.at_us.min()
    assert validation.at_us.max() + CHURN.horizon_us <= evaluation.at_us.min()
    with pytest.raises(InvalidInputError, match="churn needs snapshots over more than twice its horizon of 90 days"):
        split_snapshots(snapshots, Subject("churn", "Account Closed", 90.0))


def test_what_a_workspace_does_not_declare_is_foreseen_by_the_standard_names_unless_it_says_no():
    training = Training(churn=Churn(event="Account Closed"), service_need=ServiceNeed(event="Complaint"))
    declared = subjects_of(training, currency="EUR")
    assert [(each.name, each.event, each.declared) for each in declared] == [
        ("churn", "Account Closed", True),
        ("service_need", "Complaint", True),
        ("satisfaction", "Survey Answered", False),
        ("value", "Order Completed", False),
    ]
    assert {each.gone for each in declared} == {"Account Closed"}
    assert (
        subjects_of(
            Training(service_need=ServiceNeed(event=""), satisfaction=Satisfaction(event=""), value=Spend(event="")),
            currency="EUR",
        )
        == ()
    )


def some_rows(seed, n=1500):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 4))
    return Rows(x, (rng.random(n) < sigmoid(1.5 * x[:, 0] - 1.5)).astype(float))


def test_a_model_is_judged_beside_the_simple_one_and_the_base_rate():
    encoder = FeatureEncoder(tuple(FeatureColumn(f"x{i}") for i in range(4)))
    customers = np.arange(1500).astype(object)
    parts = [some_rows(seed) for seed in range(3)]
    model, report = fit_event(parts, CHURN, encoder=encoder, search=SEARCH, customer_id=customers)
    assert report.quality.auc > 0.75
    assert report.quality.calibration_error < 2.5 * report.quality.calibration_floor
    assert report.quality.log_loss <= report.simple.log_loss + 0.005
    assert model.score({"x0": 2.0}) > 0.5 > model.score({"x0": -2.0})
    assert 0.0 < model.score({}) < 1.0


def test_what_each_feature_does_adds_up_to_the_log_odds_and_is_told_of_later_customers():
    encoder = FeatureEncoder(tuple(FeatureColumn(f"x{i}") for i in range(4)))
    parts = [some_rows(seed) for seed in range(3)]
    model, report = fit_event(parts, CHURN, encoder=encoder, search=SEARCH, customer_id=np.arange(1500).astype(object))
    found = report.explained
    assert found.names == ("x0", "x1", "x2", "x3")
    assert found.known.shape == found.contributions.shape == (500, 4)
    rest = model.blend.margin(found.known) - found.contributions.sum(axis=1)
    assert rest == pytest.approx(np.full(500, rest[0]))
    assert np.argmax(np.abs(found.contributions).mean(axis=0)) == 0


def test_too_few_of_either_label_are_refused_with_the_counts():
    encoder = FeatureEncoder(tuple(FeatureColumn(f"x{i}") for i in range(4)))
    parts = [some_rows(0), some_rows(1), Rows(np.zeros((20, 4)), np.zeros(20))]
    with pytest.raises(InvalidInputError, match="churn evaluation has 20 snapshots, true of 0"):
        fit_event(parts, CHURN, encoder=encoder, search=SEARCH, customer_id=np.arange(20).astype(object))


@pytest.fixture
def busy(shop):
    """150 customers: who falls silent leaves a month later, who views much opens tickets and is dissatisfied.

    Every fourth buys every three weeks.
    """
    rng = np.random.default_rng(0)
    events = []
    for customer in range(150):
        user, ends = f"u-{customer}", float(rng.uniform(40, 400))
        every = 2 if customer % 3 == 0 else 6
        events += [
            viewed(user, timestamp=(START + day * DAY).isoformat())
            for day in np.arange(0.5, min(ends - 25, 199), every)
        ]
        events += [tracked(user, "Survey Answered", day, nps=4 if every == 2 else 9) for day in range(10, 199, 25)]
        if customer % 4 == 0:
            days = np.arange(1.0 + customer % 20, min(ends, 199), 21)
            events += [tracked(user, "Order Completed", day, revenue=20.0 + customer % 7) for day in days]
        if every == 2 or customer % 10 == 1:
            events += [tracked(user, "Ticket Opened", day) for day in rng.uniform(0, 199, 12)]
        if ends < 199:
            events.append(closed(user, ends))
    shop.send(*events, at=AS_OF, backfill=True)
    History(shop.home.history, FEATURES).catch_up(shop.ledger)
    return shop


def foreseen(shop, *, training, champion=None):
    past = Past(shop.home, FEATURES)
    subjects = subjects_of(training, currency="EUR")
    return learn_foreseen(shop.ledger, past, subjects=subjects, as_of=AS_OF, search=SEARCH, champion=champion or {})


def test_the_whole_way_goes_through_feast_and_one_path_foresees_all_that_the_log_tells_of(busy):
    training = Training(churn=Churn(event="Account Closed", horizon_days=30.0), value=Spend(horizon_days=30.0))
    found = {each.subject.name: each for each in foreseen(busy, training=training)}
    assert list(found) == ["churn", "service_need", "satisfaction", "value"]
    value = found["value"].report
    assert all(each.report.quality.auc > 0.8 for name, each in found.items() if name != "value")
    assert value.chance.quality.auc > 0.8
    assert value.quality.gini > 0.8
    assert all((each.model is None) == any("not shown" in reason for reason in each.reasons) for each in found.values())
    model = found["satisfaction"].model
    assert [column.name for column in model.encoder.columns] == list(FEATURES.names)
    assert feature_columns(FEATURES) == model.encoder.columns


def test_a_champion_is_told_beside_the_new_model_and_equal_data_have_equal_fingerprints(busy):
    snapshots, past = snapshots_of(busy, VALUE), Past(busy.home, FEATURES)
    first = learn_subject(snapshots, VALUE, past=past, search=SEARCH)
    again = learn_subject(snapshots, VALUE, past=past, search=SEARCH, champion=first.model)
    assert first.champion is None
    assert again.champion == again.report.quality
    assert first.data == again.data
    assert first.data.n_rows > 300
    snapshots.label[0] += 1.0
    assert learn_subject(snapshots, VALUE, past=past, search=SEARCH).data.digest != first.data.digest


def test_history_is_asked_once_for_all_subjects_and_says_of_each_what_it_says_of_it_alone(busy, monkeypatch):
    asked = []
    alone = Past.of
    monkeypatch.setattr(Past, "of", lambda past, part: asked.append(len(part)) or alone(past, part))
    past, parts = Past(busy.home, FEATURES), [snapshots_of(busy, subject) for subject in (NEED, SATISFACTION)]
    once = past.reading(parts)
    found = [once.of(part) for part in parts]
    assert len(asked) == 1
    for part, frame in zip(parts, found, strict=True):
        pd.testing.assert_frame_equal(frame.reset_index(drop=True), alone(past, part))


def test_of_too_many_the_same_customers_are_kept_at_a_moment_whatever_is_foreseen(busy):
    known = read_known(busy.ledger, [CHURN, NEED], until_us=to_us(AS_OF))
    need, churn = (
        read_snapshots(known, subject, as_of=AS_OF, seed=1, most=100) for subject in (NEED, replace(CHURN, gone=""))
    )
    assert len(need) == len(churn) == 100
    pairs = [{*zip(each.customer_id, each.at_us.tolist(), strict=True)} for each in (need, churn)]
    whole = read_snapshots(known, NEED, as_of=AS_OF, seed=1)
    both = {*zip(whole.customer_id, whole.at_us.tolist(), strict=True)}
    assert len(both) > 200
    assert len((pairs[0] ^ pairs[1]) & both) <= len(pairs[1] - both)


def test_what_the_log_does_not_tell_of_is_left_out_unless_it_is_declared(shop):
    shop.send(viewed("one"), at=START, backfill=True)
    declared = Training(satisfaction=Satisfaction(event="Asked"))
    (only,) = foreseen(shop, training=declared)
    assert (only.subject.name, only.model, only.kept) == ("satisfaction", None, False)
    assert only.reasons == (
        "satisfaction needs snapshots over more than twice its horizon of 30 days; there are 0 months",
    )


def test_a_better_champion_keeps_its_place_and_a_worse_one_loses_it(busy):
    snapshots, past = snapshots_of(busy, SATISFACTION), Past(busy.home, FEATURES)
    good = learn_subject(snapshots, SATISFACTION, past=past, search=SEARCH)
    blurred = snapshots.take(np.arange(len(snapshots)))
    last = snapshots.at_us == snapshots.at_us.max()
    blurred.label[~last] = np.random.default_rng(1).permutation(blurred.label[~last])
    taught_wrong = learn_subject(blurred, SATISFACTION, past=past, search=SEARCH, champion=good.model)
    assert taught_wrong.model is good.model
    assert taught_wrong.kept
    assert any("worse than the champion" in reason for reason in taught_wrong.reasons)
    upside_down = EventModel(good.model.encoder, good.model.blend, Backwards(), 30.0)
    better = learn_subject(snapshots, SATISFACTION, past=past, search=SEARCH, champion=upside_down)
    assert not better.kept
    assert better.model is not upside_down


@pytest.mark.parametrize(
    "before",
    [
        replace(SATISFACTION, at_most=8.0),
        replace(SATISFACTION, event="Rating Given"),
        replace(SATISFACTION, horizon_days=60.0),
    ],
    ids=lambda subject: subject.words,
)
def test_a_champion_that_foresees_something_else_is_neither_a_rival_nor_kept(before, busy):
    snapshots, past = snapshots_of(busy, SATISFACTION), Past(busy.home, FEATURES)
    good = learn_subject(snapshots, SATISFACTION, past=past, search=SEARCH).model
    assert good.foresees == SATISFACTION.words
    former = replace(good, foresees=before.words, horizon_days=before.horizon_days)
    learned = learn_subject(snapshots, SATISFACTION, past=past, search=SEARCH, champion=former)
    none = learn_subject(snapshots.take(np.arange(0)), SATISFACTION, past=past, search=SEARCH, champion=former)
    assert (learned.kept, none.kept, none.model) == (False, False, None)
    assert [each.reasons[-1] for each in (learned, none)] == [
        f"what serves foresees something else ({before.words})"
    ] * 2


class Backwards:
    """A calibration that takes every probability for its opposite."""

    def apply(self, margin):
        return sigmoid(-margin)
