"""A shop's customers over half a year, and a slow, plain account of where each was at any moment."""

import random
from datetime import datetime, timedelta
from pathlib import Path

from feature_shop import START, Shop

from features.feature import Feature
from features.feature_set import FeatureSet
from features.instant import to_us
from features.journey.file import read_journey_file
from features.primitives_value import trait
from features.replay import replay
from features.standard import STANDARD_FEATURES

TIERS = ("mass", "private")
DECLARED = (
    *STANDARD_FEATURES,
    Feature("segment", "profile", trait("segment", one_of=TIERS), "tier", "category", TIERS),
)
JOURNEYS = Path(__file__).parent / "journeys.yaml"
EVENTS = ("Product Viewed", "Products Searched", "Order Completed", "Ticket Opened", "Ticket Solved", "Survey Answered")
DAYS = 180


def journey_features(**options) -> FeatureSet:
    """The features of the tests' journeys."""
    return FeatureSet(DECLARED, journeys=read_journey_file(JOURNEYS, DECLARED), **options)


def an_event(chance: random.Random, user: str, at: datetime) -> dict:
    kind = chance.random()
    sent = {"userId": user, "timestamp": at.isoformat()}
    if kind < 0.1:
        return sent | {"type": "identify", "traits": {"segment": chance.choice([*TIERS, "?"])}}
    if kind < 0.4:
        return sent | {"type": "page"}
    properties = {"revenue": round(chance.uniform(1, 100), 2), "nps": chance.randrange(11)}
    return sent | {"type": "track", "event": chance.choice(EVENTS), "properties": properties}


def a_world(folder: Path, features: FeatureSet, *, n_customers: int = 12, n_events: int = 500, seed: int = 3) -> Shop:
    """A shop whose customers come, go silent and come back; a tenth of what happens is told late."""
    chance = random.Random(seed)  # noqa: S311 - a seeded world, nothing secret
    shop = Shop(folder, features)
    for _ in range(n_events):
        at, user = START + timedelta(days=DAYS * chance.random() ** 1.5), f"u-{chance.randrange(n_customers)}"
        known = at + timedelta(hours=chance.choice([0] * 9 + [60]))
        shop.send(an_event(chance, user, at), at=known)
        if chance.random() < 0.3:
            shop.send(an_event(chance, user, at + timedelta(minutes=7)), at=known + timedelta(minutes=7))
    return shop


def account(shop: Shop, customer: str, at: datetime) -> dict:
    """What one customer's features were at a moment, as known then: every fact replayed."""
    facts = [fact for fact in shop.ledger.facts_of(customer) if fact.known_us <= to_us(at)]
    return shop.features.values(replay(facts, shop.features), now_us=to_us(at))
