"""Law 8 for groups: what others of a household do is the same online and, as it was known then, offline.

Beside both stands a slow oracle that reads the raw events of a moment: who was in which group, whose consent counted,
and the features of all of them as if they were one customer.
"""

import random
from datetime import timedelta

import pandas as pd
import pytest
from feature_shop import START, Shop, assert_same
from group_world import FEATURES, GROUPED, an_event, oracle

from features.historical import online_features, training_frame
from features.history import History

USERS = [f"u-{n}" for n in range(5)]
STEPS = 40


def lived(path, seed: int, *, run_every: int):
    """A shop after some steps; (shop, [(customer, user, moment, features, events until then)]) as read on the way."""
    chance = random.Random(seed)  # noqa: S311 - a seeded world, nothing secret
    shop, asked, now = Shop(path, FEATURES), [], START
    told = [{"type": "page", "userId": user} for user in USERS]
    shop.send(*told, at=START - timedelta(days=30))
    for step in range(STEPS):
        now += timedelta(seconds=chance.randrange(60, 400_000))
        sent = [an_event(chance, chance.choice(USERS)) for _ in range(chance.randrange(1, 5))]
        for event in sent:
            event["timestamp"] = (now - timedelta(seconds=chance.choice([0, 5, 900_000]))).isoformat()
        shop.send(*sent, at=now)
        told += sent
        if step % run_every == run_every - 1:
            History(shop.home.history, FEATURES).catch_up(shop.ledger)
        some = chance.sample(USERS, 3)
        asked += [(shop.customer(user), user, now, shop.read(user, now=now), tuple(told)) for user in some]
    History(shop.home.history, FEATURES).catch_up(shop.ledger)
    return shop, asked


@pytest.fixture(scope="module", params=[(1, STEPS), (2, 1)])
def world(request, tmp_path_factory):
    seed, run_every = request.param
    shop, asked = lived(tmp_path_factory.mktemp("home"), seed, run_every=run_every)
    yield shop, asked
    shop.close()


def test_groups_tell_online_what_the_raw_events_of_the_moment_say(world):
    _, asked = world
    for _, user, now, online, told in asked:
        assert_same({name: online[name] for name in GROUPED}, oracle(told, user, now))
    assert max(online["household_members"] for *_, online, _ in asked) >= 3
    assert max(online["account_members"] for *_, online, _ in asked) >= 2


def test_groups_tell_offline_what_they_told_online_at_the_same_instant(world):
    shop, asked = world
    entities = pd.DataFrame({"customer_id": [a[0] for a in asked], "event_timestamp": [a[2] for a in asked]})
    offline = training_frame(shop.home, FEATURES, entities)
    assert len(offline) == len(asked) > 100
    for (_, _, _, online, _), (_, row) in zip(asked, offline.iterrows(), strict=True):
        assert_same(online, {n: None if row[n] is None or row[n] != row[n] else row[n] for n in FEATURES.names})


def test_feasts_own_online_answer_gives_the_same_features(world):
    shop, asked = world
    customers, now = sorted({customer for customer, *_ in asked}), START + timedelta(days=400)
    for customer, answer in zip(customers, online_features(shop.home, FEATURES, customers, now=now), strict=True):
        assert_same(shop.online.read(customer, now), answer)
