"""Generated events of a year as lines of JSON: visits before and after a login, views, orders, tickets, answers."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import orjson

OPENS = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
NAMES = ("", "", "", "Product Viewed", "Product Viewed", "Order Completed", "Ticket Opened", "Survey Answered")
PROPERTIES = {"revenue": 12.5, "product": "loan", "nps": 7}


def lines(n: int, customers: int, *, seed: int = 1) -> Iterator[bytes]:
    """Some events in order of time; one in ten is anonymous, one in fifty names the customer behind a browser."""
    chance = random.Random(seed)  # noqa: S311 - generated data, seeded
    for number in range(n):
        yield orjson.dumps(an_event(f"m-{number}", OPENS + YEAR * (number / n), customers, chance))


def an_event(message_id: str, at: datetime, customers: int, chance: random.Random) -> dict[str, object]:
    """One event of a random customer."""
    customer, kind = chance.randrange(customers), chance.random()
    event: dict[str, object] = {"messageId": message_id, "timestamp": at.isoformat()}
    if kind < 0.02:
        traits = {"age": 20 + customer % 60, "email": f"c{customer}@example.com"}
        return event | {"type": "identify", "userId": f"u-{customer}", "anonymousId": f"b-{customer}", "traits": traits}
    who = {"anonymousId": f"b-{customer}"} if kind < 0.12 else {"userId": f"u-{customer}"}
    name = chance.choice(NAMES)
    if not name:
        return event | who | {"type": "page"}
    return event | who | {"type": "track", "event": name, "properties": PROPERTIES}
