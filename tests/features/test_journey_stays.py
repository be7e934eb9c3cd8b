"""Stays from history: equal to a slow account of every customer at any moment, and nothing counted twice."""

import random
from datetime import timedelta

import numpy as np
import pytest
from feature_shop import START
from journey_world import DAYS, a_world, account, journey_features

from features.history import History
from features.instant import from_us, to_us
from features.journey import past
from features.journey.customer_way import customer_ways
from features.journey.history_stays import Wanted, history_stays, living
from features.journey.stays import OPEN, Period

FEATURES = journey_features(ttl={"service": timedelta(days=70)})
PERIOD = Period(to_us(START), to_us(START + timedelta(days=DAYS + 5)))
SHOP, TIERS, VISIT = FEATURES.journeys.journeys


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    made = a_world(tmp_path_factory.mktemp("home"), FEATURES)
    History(made.home.history, FEATURES).catch_up(made.ledger)
    yield made
    made.close()


def the_stays(shop, period=PERIOD):
    journeys = FEATURES.journeys.journeys
    return history_stays(shop.home, FEATURES, Wanted(living(shop.ledger), journeys, period))


@pytest.fixture(scope="module")
def found(shop):
    return the_stays(shop)


def expired(shop, customer, at):
    """Whether the service view's row is believed no more: the account by facts knows of no time to live."""
    facts = [f for f in shop.ledger.facts_of(customer) if f.known_us <= to_us(at)]
    service = [f.known_us for f in facts if f.name in ("Ticket Opened", "Ticket Solved", "Survey Answered")]
    return bool(service) and to_us(at) - max(service) > 70 * 86_400_000_000


def place_of(journey, values):
    silent = values["days_since_activity"]
    if silent is not None and silent > journey.inactive_days:
        return len(journey.stages) + 1
    stage = values[f"journey_stage_{journey.name}"]
    return len(journey.stages) if stage is None else journey.names.index(stage)


@pytest.mark.parametrize("journey", [SHOP, TIERS, VISIT], ids=lambda journey: journey.name)
def test_at_any_moment_a_customer_is_where_a_replay_of_all_facts_says(shop, found, journey):
    chance, stays, seen = random.Random(5), found[journey.name], set()  # noqa: S311
    customers = living(shop.ledger)
    for turn in range(600):
        number, at_us = chance.randrange(len(customers)), chance.randrange(PERIOD.since_us, PERIOD.until_us)
        if turn % 2:
            soon = chance.choice(shop.ledger.facts_of(customers[number])).known_us + chance.randrange(3_600_000_000)
            at_us = min(soon, PERIOD.until_us - 1)
        at = from_us(at_us)
        now = np.flatnonzero((stays.customer == number) & (stays.entered_us <= at_us) & (at_us < stays.left_us))
        if expired(shop, customers[number], at) or not len(now):
            continue
        place = place_of(journey, account(shop, customers[number], at))
        assert stays.place[now[0]] == place
        seen.add(place)
    assert len(seen) >= len(journey.stages), "the world must reach most places, or this says little"


def test_the_stays_of_a_customer_follow_each_other_without_gap_and_change_place(found):
    for stays in found.values():
        same = stays.customer[1:] == stays.customer[:-1]
        assert (stays.entered_us[1:] == stays.left_us[:-1])[same].all()
        assert (stays.place[1:] == stays.onto[:-1])[same].all()
        assert (stays.place[1:] != stays.place[:-1])[same].all()
        assert (stays.left_us > stays.entered_us).all()
        assert ((stays.onto == OPEN) == ~np.append(same, False)).all()


def test_touchpoints_complaints_and_answers_are_counted_once(shop, found):
    facts = [fact for customer in living(shop.ledger) for fact in shop.ledger.facts_of(customer)]
    names = [fact.type if fact.type == "page" else fact.name for fact in facts]
    answers = [fact.properties["nps"] for fact in facts if fact.name == "Survey Answered"]
    for stays in found.values():
        assert stays.touches.sum(axis=0).tolist() == [names.count("page"), names.count("Products Searched")]
        assert stays.complaints.sum(axis=0)[0] == names.count("Ticket Opened")
    assert found["shop"].answers.sum() <= len(answers)
    assert found["shop"].answers.sum() >= 0.8 * len(answers), "an answer told late, after a newer one, is not the last"


def test_only_what_happened_in_the_period_is_counted(shop):
    half = Period(to_us(START + timedelta(days=40)), to_us(START + timedelta(days=90)))
    pages = [
        fact
        for customer in living(shop.ledger)
        for fact in shop.ledger.facts_of(customer)
        if fact.type == "page" and half.since_us <= fact.known_us < half.until_us
    ]
    assert the_stays(shop, half)["shop"].touches.sum(axis=0)[0] == len(pages) > 0


def test_the_size_of_the_pieces_does_not_matter(shop, found, monkeypatch):
    monkeypatch.setattr(past, "AT_ONCE", 150)
    again = the_stays(shop)
    for name, stays in found.items():
        np.testing.assert_array_equal(again[name].customer, stays.customer)
        np.testing.assert_array_equal(again[name].entered_us, stays.entered_us)
        np.testing.assert_array_equal(again[name].score, stays.score)


def test_the_last_score_is_the_feature_at_the_end_of_the_period(shop, found):
    stays, customers = found["shop"], living(shop.ledger)
    for place in np.flatnonzero((stays.onto == OPEN) & (stays.place < len(SHOP.stages))):
        customer, end = customers[stays.customer[place]], from_us(PERIOD.until_us)
        if not expired(shop, customer, end):
            assert stays.score[place] == pytest.approx(account(shop, customer, end)["journey_score_shop"])


def test_a_customer_who_became_part_of_another_is_counted_once(tmp_path):
    made = a_world(tmp_path, FEATURES, n_customers=3, n_events=60)
    History(made.home.history, FEATURES).catch_up(made.ledger)
    made.send({"type": "alias", "userId": "u-0", "previousId": "u-1"}, at=START + timedelta(days=DAYS))
    History(made.home.history, FEATURES).catch_up(made.ledger)
    customers = living(made.ledger)
    stays = the_stays(made)["shop"]
    made.close()
    assert len(customers) == 2
    assert set(stays.customer.tolist()) == {0, 1}


def test_one_customers_way_from_their_records_is_the_last_stay_of_history(shop, found):
    customers, now = living(shop.ledger), from_us(PERIOD.until_us)
    for number, customer in enumerate(customers):
        ways = customer_ways(shop.ledger.facts_of(customer), FEATURES, account(shop, customer, now), now=now)
        for journey, way in zip(FEATURES.journeys.journeys, ways, strict=True):
            stays = found[journey.name]
            (last,) = np.flatnonzero((stays.customer == number) & (stays.onto == OPEN))
            assert way["inactive"] == (stays.place[last] == len(journey.stages) + 1)
            entered = from_us(int(stays.entered_us[last])).isoformat().replace("+00:00", "Z")
            assert way["since"] == (None if stays.place[last] == len(journey.stages) else entered)


def test_of_whom_nothing_is_recorded_no_stage_is_known():
    (shop_way, *_) = customer_ways([], FEATURES, FEATURES.defaults(), now=START)
    assert shop_way == {"journey": "shop", "stage": None, "since": None, "inactive": False, "score": None}
