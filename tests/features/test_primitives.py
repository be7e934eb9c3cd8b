"""Each kind of feature against a plain reading of its facts, one customer at a time and many at once."""

import math
import random
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.fact import Fact
from features.feature import Feature
from features.feature_set import FeatureSet
from features.primitives_age import Age
from features.primitives_distinct import Distinct
from features.primitives_mean import Mean, Share, Trend
from features.primitives_pace import Gap, OpenTime
from features.primitives_visit import CELLS, Visit
from features.replay import replay
from features.selector import Probe, Selector
from features.standard import STANDARD_FEATURES

MINUTE, DAY = 60_000_000, 86_400_000_000
EPOCH = 1_750_000_000_000_000
HALF_HOUR = 30 * MINUTE
TRACK = Selector(("track",))


def probe(*names: str, **reading) -> Probe:
    return Probe(Selector(("track",), names), **reading)


def tracked(name: str, at: int, **properties) -> Fact:
    return Fact("track", name, properties, occurred_us=at, known_us=at)


def value_of(primitive, history: list[Fact], *, now: int):
    features = FeatureSet([Feature("x", "v", primitive, "")])
    return features.values(replay(history, features), now_us=now)["x"]


BOUGHT = ("Product Added", "Product Removed", "Order Completed")
names = st.sampled_from([*BOUGHT, "Product Viewed"])
minutes = st.one_of(st.integers(0, 90), st.integers(0, 600))
browsing = st.lists(st.tuples(names, minutes, st.integers(1, 3)), min_size=1, max_size=25)


def browsed(told: list[tuple[str, int, int]]) -> list[Fact]:
    return [tracked(name, EPOCH + minute * MINUTE, quantity=n, price=2.0) for name, minute, n in told]


def visit_of(history: list[Fact], now: int) -> list[Fact]:
    """The facts of the visit that goes on, by sorting them all; of a long one those of its last half hours."""
    ordered = sorted(history, key=lambda fact: fact.occurred_us, reverse=True)
    newest = ordered[0].occurred_us
    if now - newest >= HALF_HOUR:
        return []
    visit, earliest = [], newest
    for fact in ordered:
        if earliest - fact.occurred_us >= HALF_HOUR or fact.occurred_us // HALF_HOUR <= newest // HALF_HOUR - CELLS:
            break
        visit.append(fact)
        earliest = fact.occurred_us
    return visit


@settings(max_examples=300, deadline=None)
@given(browsing, st.integers(0, 40), st.randoms(use_true_random=False))
def test_a_visit_is_what_sorting_all_facts_would_find_in_whatever_order_they_arrive(told, later, chance: random.Random):
    history = browsed(told)
    now = max(fact.occurred_us for fact in history) + later * MINUTE
    shuffled = chance.sample(history, len(history))
    visit = visit_of(history, now)
    views = sum(fact.name == "Product Viewed" for fact in visit)
    assert value_of(Visit(probe("Product Viewed")), shuffled, now=now) == views
    span = (visit[0].occurred_us - visit[-1].occurred_us) / MINUTE if visit else 0.0
    assert value_of(Visit(probe(), measure="minutes"), shuffled, now=now) == pytest.approx(span)


@settings(max_examples=200, deadline=None)
@given(browsing, st.integers(0, 40))
def test_the_cart_of_a_visit_is_what_was_added_less_what_was_taken_and_empty_after_an_order(told, later):
    history = browsed(told)
    now = max(fact.occurred_us for fact in history) + later * MINUTE
    cart = Visit(probe(*BOUGHT, via="cart_quantity"), probe("Order Completed"))
    newest = {name: max((f.occurred_us for f in history if f.name == name), default=0) for name in BOUGHT}
    signs = {"Product Added": 1, "Product Removed": -1, "Order Completed": -1, "Product Viewed": 0}
    left = sum(signs[fact.name] * fact.properties["quantity"] for fact in visit_of(history, now))
    ordered = newest["Order Completed"] >= max(newest["Product Added"], newest["Product Removed"], 1)
    assert value_of(cart, history, now=now) == (0 if ordered else max(left, 0))


def test_a_visit_is_over_after_half_an_hour_without_any_event():
    seen = [tracked("Product Viewed", EPOCH)]
    assert value_of(Visit(probe("Product Viewed")), seen, now=EPOCH + HALF_HOUR - 1) == 1.0
    assert value_of(Visit(probe("Product Viewed")), seen, now=EPOCH + HALF_HOUR) == 0.0


def test_a_late_event_joins_two_visits_that_were_apart():
    apart = [tracked("Product Viewed", EPOCH), tracked("Product Viewed", EPOCH + 40 * MINUTE)]
    assert value_of(Visit(probe("Product Viewed")), apart, now=EPOCH + 41 * MINUTE) == 1.0
    joined = [*apart, tracked("Product Viewed", EPOCH + 20 * MINUTE)]
    assert value_of(Visit(probe("Product Viewed")), joined, now=EPOCH + 41 * MINUTE) == 3.0


said = st.tuples(st.integers(0, 400), st.integers(-5, 10))
numbers = st.lists(said, min_size=1, max_size=12, unique_by=lambda each: each[0])


@given(numbers, st.randoms(use_true_random=False))
def test_means_trends_and_gaps_equal_their_definitions(told, chance: random.Random):
    said = sorted(told)
    history = [tracked("said", EPOCH + hour * DAY // 24, n=n) for hour, n in chance.sample(told, len(told))]
    asked, now = probe("said", reads="n", required=True), EPOCH + 100 * DAY
    heard = [n for _, n in said]
    assert value_of(Mean(asked), history, now=now) == pytest.approx(sum(heard) / len(heard))
    gap, trend = value_of(Gap(probe("said")), history, now=now), value_of(Trend(asked), history, now=now)
    if len(said) == 1:
        assert gap is None
        assert trend is None
    else:
        assert trend == pytest.approx(heard[-1] - sum(heard[:-1]) / (len(heard) - 1))
        assert gap == pytest.approx((said[-1][0] - said[0][0]) / 24 / (len(said) - 1))


@given(numbers)
def test_a_share_weighs_each_fact_by_its_age(told):
    history = [tracked("said", EPOCH + hour * DAY // 24, n=n) for hour, n in told]
    share = Share(probe("said", reads="n", required=True), 3.0, 7.0 * DAY)
    weight = {hour: 2 ** (hour / 24 / 7) for hour, _ in told}
    expected = sum(weight[hour] for hour, n in told if n == 3) / sum(weight.values())
    assert value_of(share, history, now=EPOCH + 100 * DAY) == pytest.approx(expected)


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 50)), min_size=1, max_size=10), st.integers(0, 10))
def test_time_to_solve_is_the_mean_over_tickets_however_they_are_paired(tickets, n_open):
    opened = [tracked("opened", EPOCH + day * DAY) for day, _ in tickets]
    closed = [tracked("closed", EPOCH + (day + lasts) * DAY) for day, lasts in tickets[n_open:]]
    now = EPOCH + 200 * DAY
    lasted = [200 - day if place < n_open else lasts for place, (day, lasts) in enumerate(tickets)]
    told = value_of(OpenTime(probe("opened"), probe("closed")), [*closed, *opened], now=now)
    assert told == pytest.approx(sum(lasted) / len(lasted))


@pytest.mark.parametrize(("n", "error"), [(1, 0.0), (5, 0.1), (20, 0.1), (100, 0.1)])
def test_different_things_are_counted_with_a_small_error(n, error):
    """The root mean square of the relative error over 60 customers, each of n things met twice."""
    asked = Distinct(probe("saw", reads="id", via="bucket", required=True))
    worlds = [[tracked("saw", EPOCH, id=f"p-{world}-{thing}") for thing in range(n)] * 2 for world in range(60)]
    found = np.array([value_of(asked, history, now=EPOCH) for history in worlds])
    assert np.sqrt(np.mean((found / n - 1) ** 2)) <= error


@given(st.dates(date(1905, 1, 1), date(2024, 12, 31)), st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31)))
def test_an_age_is_counted_by_the_calendar(born, moment):
    now = int((moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1))
    asked = Probe(TRACK, reads="birthday", via="day")
    had = (moment.month, moment.day) >= (born.month, born.day)
    years = moment.year - born.year - (0 if had else 1)
    told = value_of(Age(asked), [tracked("x", EPOCH, birthday=born.isoformat())], now=now)
    assert told == (years if years <= 120 else None)


@pytest.mark.parametrize("nonsense", ["yesterday", "1984-13-01", 19840101, None, "2999-01-01"])
def test_a_birthday_that_is_none_gives_no_age(nonsense):
    assert (
        value_of(Age(Probe(TRACK, reads="birthday", via="day")), [tracked("x", EPOCH, birthday=nonsense)], now=EPOCH)
        is None
    )


FEATURES = FeatureSet(STANDARD_FEATURES)
HEARD = sorted({(kind, name) for p in FEATURES.reader.probes for kind in p.selector.types for name in p.selector.names})


def anything(chance: random.Random) -> Fact:
    kind, name = chance.choice([*HEARD, ("page", ""), ("screen", ""), ("identify", ""), ("outcome", "impression")])
    told = {"revenue": 10.5, "nps": 7, "text": "very good", "birthday": "1990-06-30", "rating": 4, "product_id": name}
    at = EPOCH - int(chance.choice([HALF_HOUR, DAY, 100 * DAY]) * chance.random())
    return Fact(kind, name, {key: told[key] for key in told if chance.random() < 0.7}, occurred_us=at, known_us=at)


@settings(max_examples=20, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, 40))
def test_one_customer_is_read_as_many_are(chance: random.Random, later):
    histories = [[anything(chance) for _ in range(chance.randrange(40))] for _ in range(8)]
    states = np.concatenate([replay(history, FEATURES) for history in histories])
    now = float(EPOCH + later * MINUTE)
    many = FEATURES.at(states, np.full(len(states), now))
    one = np.array([FEATURES.layout.at_one(states[row : row + 1], now) for row in range(len(states))])
    np.testing.assert_allclose(one, many, rtol=1e-9, atol=1e-9)


def test_a_number_of_a_state_that_was_never_written_is_not_made_up():
    assert all(value is None or value == 0.0 for value in FEATURES.defaults().values())
    assert not any(isinstance(value, float) and math.isnan(value) for value in FEATURES.defaults().values())
