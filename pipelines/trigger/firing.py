"""Decides for those whose moment has come, and queues what their channels are to be told."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from decisioning.action import NO_ACTION
from decisioning.condition import Condition
from decisioning.condition_tree import FORESEEN
from decisioning.customer import CustomerReference
from decisioning.decide import Ports, decide, propose
from decisioning.decision import Decision, DecisionRequest
from decisioning.errors import ConflictError, ErasedError
from decisioning.feature_use import as_allowed
from decisioning.funnel import clock_of, values_of
from decisioning.send_time import SendTime
from decisioning.trigger import Trigger, is_rested, state_of
from features.decision_answer import render_decision
from features.decision_book import DecisionBook
from features.identity import IdentityGraph
from features.instant import to_us
from features.trigger.delivery_book import Delivery, DeliveryBook
from features.trigger.moment_book import MomentBook
from features.trigger.watching import request_of
from pipelines.trigger.foreseen import foreseen_or_nothing
from pipelines.trigger.standing import HELD

PAGE = 250
"""Moments that are dealt with between two looks at the deliveries."""


@dataclass(slots=True)
class Tally:
    """What a round came to: decisions with an action, without one, moments not worth one, moments missed."""

    fired: int = 0
    no_action: int = 0
    not_met: int = 0
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Firing:
    """Decides as soon as it is time.

    Parameters: `conditions`, of the triggers, compiled; `answers`, the decisions' book, which knows what was decided
    before a crash.
    """

    ports: Callable[[], Ports]
    answers: DecisionBook
    graph: IdentityGraph
    book: MomentBook
    triggers: Mapping[str, Trigger]
    conditions: Mapping[str, Condition]

    def due(self, tally: Tally, *, now: datetime) -> bool:
        """Deal with what is due, one page; whether there may be more."""
        page = self.book.due(now=now, most=PAGE)
        for name, node in page:
            trigger, customer_id = self.triggers.get(name), self.graph.customer_of_node(node)
            if trigger is None or customer_id is None:
                self.book.forget(name, node)
            else:
                self._moment(trigger, node, customer_id, tally, now=now)
        return len(page) == PAGE

    def _moment(self, trigger: Trigger, node: int, customer_id: str, tally: Tally, *, now: datetime) -> None:
        occasion = self.book.occasion(trigger.name, self.graph.nodes(customer_id))
        began, state = occasion.course.began or now, state_of(trigger, occasion.course, now=now)
        if state == "waiting":
            self.book.wait(trigger.name, node, began + trigger.after)
        elif state == "due" and self._is_met(trigger, customer_id, now=now):
            request = _request(trigger, customer_id, occasion.record_id)
            until = self._put_off_until(request, now=now)
            if until:
                self.book.wait(trigger.name, node, until)
            else:
                self._fire(trigger, node, request, began, tally, now=now)
        else:
            tally.missed += state == "missed"
            tally.not_met += state == "due"
            self.book.deal_with(trigger.name, node, began)

    def standing(self, trigger: Trigger, customer_id: str, tally: Tally, *, now: datetime) -> None:
        """Decide for a customer because of a condition alone, where it is true and did not lead to one lately."""
        nodes = self.graph.nodes(customer_id)
        course = self.book.occasion(trigger.name, nodes).course
        if nodes and is_rested(trigger, course.fired, now=now) and self._is_met(trigger, customer_id, now=now):
            before = 0 if course.fired is None else to_us(course.fired)
            request = _request(trigger, customer_id, f"{nodes[0]}:{before}")
            if not self._put_off_until(request, now=now):
                self._fire(trigger, nodes[0], request, now, tally, now=now)

    def _is_met(self, trigger: Trigger, customer_id: str, *, now: datetime) -> bool:
        if not trigger.condition.strip():
            return True
        ports = self.ports()
        catalog = ports.catalog.catalog
        customer = ports.profiles.read(CustomerReference("customer_id", customer_id), now=now)
        channel = catalog.channels[catalog.placements[trigger.placement].channel]
        customer = as_allowed(customer, channel=channel, catalog=catalog)
        values = values_of(customer.features, {}, now=now, policy=catalog.contact_policy)
        if FORESEEN in trigger.condition:
            values |= foreseen_or_nothing(ports, customer)
        return self.conditions[trigger.name].holds(values)

    def _put_off_until(self, request: DecisionRequest, *, now: datetime) -> datetime | None:
        """When to look again, where holds and quiet hours alone leave nothing to offer now; None where they do not."""
        ports = self.ports()
        made = propose(request, ports=ports, now=now)
        stages = {each.stage for each in made.exclusions}
        if made.eligible.keys() - {NO_ACTION} or not stages & {"hold", "quiet"}:
            return None
        if "hold" in stages:
            return now + HELD
        quiet, policy = ports.catalog.slots[request.placement].quiet, ports.catalog.catalog.contact_policy
        return SendTime().after(clock_of(made.features, now=now, policy=policy), quiet).astimezone(UTC)

    def _fire(
        self, trigger: Trigger, node: int, request: DecisionRequest, began: datetime, tally: Tally, *, now: datetime
    ) -> None:
        """Decide for one beginning, once whatever happens in between: the same beginning has the same request id."""
        decision = self._decided(request, now=now)
        offered = decision if decision is not None and decision.chosen != NO_ACTION else None
        messages = [_message(trigger, offered, now=now)] if offered else []
        DeliveryBook(self.book).fire(trigger.name, node, began, fired=now, messages=messages)
        tally.fired += offered is not None
        tally.no_action += offered is None

    def _decided(self, request: DecisionRequest, *, now: datetime) -> Decision | None:
        """The decision of a request, made now or before; None where it was erased since."""
        ports = self.ports()
        currency = ports.catalog.catalog.currency
        with suppress(ErasedError):
            try:
                return decide(
                    request, ports=ports, now=now, render=lambda made: render_decision(made, currency=currency)
                )
            except ConflictError:
                return self.answers.that_answers(request.request_id)
        return None


def _request(trigger: Trigger, customer_id: str, occasion: str) -> DecisionRequest:
    reference, said = CustomerReference("customer_id", customer_id), {"trigger": trigger.name}
    return DecisionRequest(request_of(trigger.name, occasion), reference, trigger.placement, channel="", context=said)


def _message(trigger: Trigger, decision: Decision, *, now: datetime) -> Delivery:
    """What the channel is to be told of a decision."""
    sent_by = (decision.decision_id, trigger.name, decision.request_id, decision.channel)
    send_at = decision.ranked[0].send_at or now
    return Delivery(*sent_by, until=send_at + trigger.within, next_at=send_at)
