"""A retail bank whose truth is known: `create` builds it, `tsugi simulate` and `tsugi demo` live in it."""

import sys
from datetime import UTC, datetime
from pathlib import Path

from decisioning.errors import InvalidInputError
from pipelines.world import World

_FOLDER = str(Path(__file__).resolve().parent)
STARTS_AT = datetime(2025, 10, 1, tzinfo=UTC)
MOST_CUSTOMERS = 900_000


def create(
    *, n_customers: int = 20_000, seed: int = 7, n_live_decisions: int = 100_000, starts_at: datetime = STARTS_AT
) -> World:
    """Build the bank: 270 days of history from `starts_at`, then 95 live days.

    Parameters: `n_live_decisions`, at most so many moments (each customer is asked at most once in 14 days, so that a
    bank of few customers has fewer); `starts_at`, aware, UTC. Equal arguments give equal worlds. Raises
    `InvalidInputError` for a number of customers or decisions that is not allowed.
    """
    if _FOLDER not in sys.path:
        sys.path.insert(0, _FOLDER)
    from bankworld.bank import Bank
    from bankworld.drawing import draw
    from bankworld.timeline import Timeline

    if not 1 <= n_customers <= MOST_CUSTOMERS:
        raise InvalidInputError(f"n_customers is {n_customers}; allowed: 1 to {MOST_CUSTOMERS}", field="n_customers")
    if n_live_decisions < 0:
        raise InvalidInputError(f"n_live_decisions is {n_live_decisions}; allowed: 0 or more", field="n_live_decisions")
    return Bank(draw(n_customers, seed), Timeline(starts_at), n_live_decisions)
