"""Whether what was decided may still go out: what a customer no longer is to get is not sent, however late."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from decisioning.bundling import with_parts
from decisioning.customer import Customer, CustomerReference, FeatureValue
from decisioning.decide import Ports
from decisioning.eligibility import Stop
from decisioning.feature_use import as_allowed
from decisioning.funnel import Moment, clock_of, unspoken, values_of
from decisioning.send_time import SendTime
from features.identity import IdentityGraph
from features.trigger.moment_book import MomentBook
from pipelines.trigger.foreseen import foreseen_or_nothing

HELD = timedelta(minutes=10)
"""Until what is held is looked at again."""


class Halt(NamedTuple):
    """Why a message may not go out now. Parameters: `until`, when to look again (None: it never may)."""

    said: str
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known now of what was decided before. Parameters: as of `Firing`."""

    ports: Callable[[], Ports]
    graph: IdentityGraph
    book: MomentBook

    def halt(self, decision: Mapping[str, Any], trigger: str, *, now: datetime) -> Halt | None:
        """What stands against sending a decision, as it was answered, that a trigger led to; None where nothing does.

        Consent that was taken back, an event that calls the trigger off and an action that is over end it, holds and
        quiet hours put it off. What stands against a part of a bundle stands against the bundle.
        """
        customer_id = self.graph.resolve(CustomerReference("customer_id", decision["customer_id"]))
        if customer_id is not None and self._is_called_off(trigger, customer_id):
            return Halt("called off by what happened since")
        ports, names = self.ports(), [each["action"] for each in decision["ranked"]]
        catalog = ports.catalog.catalog
        if decision["placement"] not in catalog.placements or not catalog.actions.keys() >= set(names):
            return Halt("no longer in the catalogue")
        names = with_parts(catalog.actions, names)
        over = next(filter(None, (catalog.actions[name].out_of_date(now) for name in names)), None)
        if over:
            return Halt(f"validity: {over}")
        customer = ports.profiles.read(CustomerReference("customer_id", decision["customer_id"]), now=now)
        return _halt(ports, _moment(ports, customer, decision["placement"], trigger), names)

    def _is_called_off(self, trigger: str, customer_id: str) -> bool:
        course = self.book.occasion(trigger, self.graph.nodes(customer_id)).course
        called_off, began = course.called_off, course.dealt_with
        return called_off is not None and began is not None and called_off >= began


def _moment(ports: Ports, customer: Customer, placement: str, trigger: str) -> Moment:
    catalog = ports.catalog.catalog
    slot = catalog.placements[placement]
    customer = as_allowed(customer, channel=catalog.channels[slot.channel], catalog=catalog)
    context: dict[str, FeatureValue] = {"trigger": trigger}
    values = values_of(customer.features, context, now=customer.as_of, policy=catalog.contact_policy)
    if ports.catalog.foresees:
        values |= foreseen_or_nothing(ports, customer)
    return Moment(customer, slot, values, "nba")


def _halt(ports: Ports, moment: Moment, names: list[str]) -> Halt | None:
    stop, now = unspoken(ports.catalog, moment, names), moment.customer.as_of
    if stop is None:
        return None
    said = f"{stop.stage}: {stop.reason}"
    return Halt(said) if stop.stage == "consent" else Halt(said, _later(stop, ports, moment, now))


def _later(stop: Stop, ports: Ports, moment: Moment, now: datetime) -> datetime:
    """When to look again: as soon as quiet hours are over, else in a while."""
    if stop.stage != "quiet":
        return now + HELD
    local = clock_of(moment.values, now=now, policy=ports.catalog.catalog.contact_policy)
    return SendTime().after(local, ports.catalog.slots[moment.placement.name].quiet).astimezone(UTC)
