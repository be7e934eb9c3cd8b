"""Tells a channel's system what was decided: signed, tried again with growing pauses, given up when it is too late."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any, NamedTuple

import httpx
import orjson

from decisioning.customer import CustomerReference
from decisioning.errors import ErasedError
from features.decision_book import DecisionBook
from features.identity import IdentityGraph
from features.trigger.delivery_book import Delivery, DeliveryBook
from features.webhook import Webhook
from pipelines.trigger.signature import signed_headers
from pipelines.trigger.standing import Standing

PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400))
"""Between two attempts; the last one again and again."""
MOST = 100
"""Deliveries of one round for each channel."""
AT_ONCE = 8
"""Under way together for one channel, once its system has taken one in this round."""
LONG = timedelta(seconds=5)
"""After which no other is begun in a round: whoever's moment has come waits no longer."""
_GONE = 410
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Target:
    """One channel's system. Parameters: `key`, what messages to it are signed with."""

    webhook: Webhook
    key: bytes


class Sent(NamedTuple):
    """What became of a round. Parameters: `delivered`, how many arrived; `goes_on`, whether more could be sent now."""

    delivered: int
    goes_on: bool


@dataclass(slots=True)
class _Line:
    """What waits for one channel, and how much of it may be under way at once (0: no more in this round)."""

    waiting: deque[Delivery]
    is_full: bool
    at_once: int = 1
    under_way: int = 0

    @property
    def has_room(self) -> bool:
        return bool(self.waiting) and self.under_way < self.at_once

    @property
    def goes_on(self) -> bool:
        return self.at_once > 0 and (self.is_full or bool(self.waiting))


@dataclass(frozen=True, slots=True)
class Sending:
    """Sends what is waiting.

    Parameters: `targets` by channel; `standing`, whether it still may; `chance` spreads attempts, so that many that
    failed together do not come together; `pool`, in which requests are made, and nothing else is done.
    """

    client: httpx.Client
    targets: Mapping[str, Target]
    answers: DecisionBook
    graph: IdentityGraph
    deliveries: DeliveryBook
    standing: Standing
    clock: Callable[[], datetime]
    chance: Random
    pool: Executor

    def send(self) -> Sent:
        """Try what is to be sent by now, at most `MOST` for each channel.

        Channels do not wait for each other. One that failed is not tried again in the same round.
        """
        now = self.clock()
        lines = [self._line(channel, now) for channel in self.deliveries.channels(now=now)]
        under_way: dict[Future[Delivery], _Line] = {}
        n = 0
        while True:
            if self.clock() < now + LONG:
                for line in lines:
                    self._begin(line, under_way)
            if not under_way:
                return Sent(n, goes_on=any(line.goes_on for line in lines))
            done = wait(under_way, return_when=FIRST_COMPLETED).done
            n += self._end([(each.result(), under_way.pop(each)) for each in done])

    def _line(self, channel: str, now: datetime) -> _Line:
        waiting = self.deliveries.waiting(channel, now=now, most=MOST)
        return _Line(deque(waiting), is_full=len(waiting) == MOST)

    def _begin(self, line: _Line, under_way: dict[Future[Delivery], _Line]) -> None:
        """Make requests of what waits, as long as there is room; what is not to be sent needs none."""
        settled = list[Delivery]()
        while line.has_room:
            prepared = self._prepared(line.waiting.popleft())
            if isinstance(prepared, Delivery):
                settled.append(prepared)
            else:
                under_way[self.pool.submit(self._posted, *prepared)] = line
                line.under_way += 1
        self.deliveries.keep(settled)

    def _end(self, answered: Iterable[tuple[Delivery, _Line]]) -> int:
        """Keep what was answered; how many arrived."""
        known = [(delivery, line) for delivery, line in answered]
        self.deliveries.keep([delivery for delivery, _ in known])
        for delivery, line in known:
            line.under_way -= 1
            if delivery.state == "pending":
                line.at_once = 0
            elif line.at_once:
                line.at_once = AT_ONCE
        return sum(delivery.state == "delivered" for delivery, _ in known)

    def _prepared(self, delivery: Delivery) -> "Delivery | tuple[Delivery, Target, bytes]":
        """What is to be posted; or what became of it, where nothing is."""
        now, target = self.clock(), self.targets.get(delivery.channel)
        if now >= delivery.until:
            return delivery.given_up(f"too late; the last attempt: {delivery.said or 'none'}")
        if target is None:
            return delivery.put_off("no webhook is configured for this channel", next_at=self._next(delivery, now))
        decision = self._decision(delivery)
        if decision is None:
            return delivery.given_up("the decision was erased")
        halt = self.standing.halt(decision, delivery.trigger, now=now)
        if halt is None:
            return delivery, target, self._body(delivery, decision)
        return delivery.held(halt.said, next_at=halt.until) if halt.until else delivery.given_up(halt.said)

    def _posted(self, delivery: Delivery, target: Target, body: bytes) -> Delivery:
        now = self.clock()
        headers = signed_headers(delivery.delivery_id, body, key=target.key, now=now)
        headers |= {"content-type": "application/json", "user-agent": "tsugi"}
        url, timeout = target.webhook.url, target.webhook.timeout_seconds
        try:
            with self.client.stream("POST", url, content=body, headers=headers, timeout=timeout) as answer:
                return self._answered(delivery, answer, now)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # the last two: of a host that cannot be
            return delivery.put_off(type(error).__name__, next_at=self._next(delivery, now))

    def _answered(self, delivery: Delivery, answer: httpx.Response, now: datetime) -> Delivery:
        """What became of a delivery by the head of its answer; nobody waits for the body."""
        said = f"HTTP {answer.status_code}"
        if answer.is_success:
            return delivery.delivered(said)
        if answer.status_code == _GONE:
            return delivery.given_up(said)
        asked = asked_to_wait(answer.headers.get("retry-after", ""), now=now)
        return delivery.put_off(said, next_at=max(self._next(delivery, now), now + asked))

    def _next(self, delivery: Delivery, now: datetime) -> datetime:
        return now + PAUSES[min(delivery.attempts, len(PAUSES) - 1)] * self.chance.uniform(0.8, 1.2)

    def _decision(self, delivery: Delivery) -> dict[str, Any] | None:
        """The decision as it was answered; None where it, or the customer, was erased."""
        try:
            found = self.answers.answer_for(delivery.request_id)
        except ErasedError:
            return None
        decision: dict[str, Any] | None = None if found is None else orjson.loads(found[1])
        return decision

    def _body(self, delivery: Delivery, decision: dict[str, Any]) -> bytes:
        """What is sent: the decision, and every name that its customer has today."""
        customer_id = decision["customer_id"]
        today = self.graph.resolve(CustomerReference("customer_id", customer_id)) or customer_id
        identifiers = [{"kind": kind, "value": value} for kind, value in self.graph.identifiers(today)]
        customer = {"customer_id": today, "identifiers": identifiers}
        data = {"trigger": delivery.trigger, "customer": customer, "decision": decision}
        return orjson.dumps({"type": "decision.made", "timestamp": decision["decided_at"], "data": data})


def asked_to_wait(header: str, *, now: datetime) -> timedelta:
    """How long a `Retry-After` header asks for, in seconds or until a date; 0 where it says nothing that can be read.

    >>> from datetime import UTC
    >>> asked_to_wait("120", now=datetime(2026, 3, 1, tzinfo=UTC))
    datetime.timedelta(seconds=120)
    >>> asked_to_wait("Sun, 01 Mar 2026 00:01:00 GMT", now=datetime(2026, 3, 1, tzinfo=UTC))
    datetime.timedelta(seconds=60)
    """
    if header.isdecimal():
        return min(timedelta(seconds=int(header[:9])), _LONGEST)
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return timedelta(0)
    return min(max(until - now, timedelta(0)), _LONGEST) if until.tzinfo else timedelta(0)
