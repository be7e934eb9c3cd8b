"""Tells a channel's system what was decided: signed, tried again with growing pauses, given up when it is too late."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from random import Random
from typing import Any

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
"""Deliveries of one round."""
_GONE = 410
_LONGEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Target:
    """One channel's system. Parameters: `key`, what messages to it are signed with."""

    webhook: Webhook
    key: bytes


@dataclass(frozen=True, slots=True)
class Sending:
    """Sends what is waiting.

    Parameters: `targets` by channel; `standing`, whether it still may; `chance` spreads attempts, so that many that
    failed together do not come together.
    """

    client: httpx.Client
    targets: Mapping[str, Target]
    answers: DecisionBook
    graph: IdentityGraph
    deliveries: DeliveryBook
    standing: Standing
    clock: Callable[[], datetime]
    chance: Random

    def send(self) -> int:
        """Try what is to be sent by now, at most `MOST`; how many arrived.

        A channel that failed once is not tried again in the same round: who does not answer holds up nobody else.
        """
        n, failed = 0, set[str]()
        for delivery in self.deliveries.waiting(now=self.clock(), most=MOST):
            if delivery.channel in failed:
                continue
            after = self._attempt(delivery)
            self.deliveries.keep(after)
            n += after.state == "delivered"
            if after.attempts > delivery.attempts and after.state == "pending":
                failed.add(delivery.channel)
        return n

    def _attempt(self, delivery: Delivery) -> Delivery:
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
            return self._posted(delivery, target, self._body(delivery, decision))
        return delivery.held(halt.said, next_at=halt.until) if halt.until else delivery.given_up(halt.said)

    def _posted(self, delivery: Delivery, target: Target, body: bytes) -> Delivery:
        now = self.clock()
        headers = signed_headers(delivery.delivery_id, body, key=target.key, now=now)
        headers |= {"content-type": "application/json", "user-agent": "tsugi"}
        url, timeout = target.webhook.url, target.webhook.timeout_seconds
        try:
            with self.client.stream("POST", url, content=body, headers=headers, timeout=timeout) as answer:
                return self._answered(delivery, answer, now)
        except httpx.HTTPError as error:
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
