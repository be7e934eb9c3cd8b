"""What is to be sent because a trigger fired: which decision to which channel, how often it was tried, when it is next.

Only the decision's request id is kept here; what is sent is read from the ledger when it is sent, so that an erased
customer leaves nothing to send.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from features.instant import from_us, to_us
from features.trigger.moment_book import MomentBook, dealt_with

State = Literal["pending", "delivered", "given_up"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message to one channel's system.

    Parameters: `delivery_id`, by which the receiver knows a repeat; `attempts` so far; `next_at`, None where there is
    nothing to do any more; `until`, when it is not worth sending any more; `said`, what the last attempt came to.
    """

    delivery_id: str
    trigger: str
    request_id: str
    channel: str
    until: datetime
    next_at: datetime | None
    state: State = "pending"
    attempts: int = 0
    said: str = ""

    def delivered(self, said: str) -> "Delivery":
        """The same after it arrived."""
        return replace(self, state="delivered", attempts=self.attempts + 1, next_at=None, said=said)

    def given_up(self, said: str) -> "Delivery":
        """The same after nobody wants it any more."""
        return replace(self, state="given_up", next_at=None, said=said)

    def held(self, said: str, *, next_at: datetime) -> "Delivery":
        """The same while it may not go out; that is no attempt."""
        return replace(self, next_at=next_at, said=said)

    def put_off(self, said: str, *, next_at: datetime) -> "Delivery":
        """The same after an attempt that failed."""
        return replace(self, attempts=self.attempts + 1, next_at=next_at, said=said)


@dataclass(frozen=True, slots=True)
class DeliveryBook:
    """The deliveries of a home, in the book of its triggers."""

    book: MomentBook

    def fire(self, trigger: str, node: int, began: datetime, *, fired: datetime, messages: Sequence[Delivery]) -> None:
        """Say that a decision was made of a beginning, and queue what is to be sent, once, in one transaction."""
        with self.book.transaction() as connection:
            dealt_with(connection, trigger, node, began, fired=fired)
            connection.executemany(_QUEUE, [_row(each) for each in messages])

    def channels(self, *, now: datetime) -> list[str]:
        """Those for which an attempt is due, by name."""
        with self.book.transaction() as connection:
            return [channel for (channel,) in connection.execute(_CHANNELS, (to_us(now),))]

    def waiting(self, channel: str, *, now: datetime, most: int) -> list[Delivery]:
        """Up to so many for a channel whose next attempt is due, the longest due first."""
        with self.book.transaction() as connection:
            return [_delivery(row) for row in connection.execute(_WAITING, (channel, to_us(now), most))]

    def keep(self, deliveries: Iterable[Delivery]) -> None:
        """Keep what became of some deliveries, in one transaction."""
        with self.book.transaction() as connection:
            connection.executemany(_KEEP, [_row(each) for each in deliveries])

    def counts(self) -> dict[str, int]:
        """How many deliveries are in which state."""
        with self.book.transaction() as connection:
            return dict(connection.execute("SELECT state, count(*) FROM delivery GROUP BY state ORDER BY state"))


def _row(each: Delivery) -> tuple[str | int | None, ...]:
    next_us = None if each.next_at is None else to_us(each.next_at)
    where = (each.delivery_id, each.trigger, each.request_id, each.channel)
    return (*where, each.state, each.attempts, next_us, to_us(each.until), each.said)


def _delivery(row: tuple[str, str, str, str, int, int, int, str]) -> Delivery:
    delivery_id, trigger, request_id, channel, attempts, next_us, until_us, said = row
    until, next_at = from_us(until_us), from_us(next_us)
    return Delivery(
        delivery_id, trigger, request_id, channel, until=until, next_at=next_at, attempts=attempts, said=said
    )


_COLUMNS = "delivery_id, trigger, request_id, channel, attempts, next_us, until_us, said"
_QUEUE = "INSERT OR IGNORE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KEEP = "INSERT OR REPLACE INTO delivery VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_CHANNELS = "SELECT DISTINCT channel FROM delivery WHERE next_us <= ? ORDER BY channel"
_WAITING = f"""
    SELECT {_COLUMNS} FROM delivery WHERE channel = ? AND next_us <= ? ORDER BY next_us, delivery_id LIMIT ?
"""  # noqa: S608 (constants only)
