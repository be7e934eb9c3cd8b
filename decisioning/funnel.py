"""The funnel: which actions may be spoken of to a customer now, and why each of the others may not."""

from collections.abc import Mapping
from dataclasses import dataclass

from decisioning.action import Action
from decisioning.catalog import Placement
from decisioning.condition import CONTEXT
from decisioning.consent import consented
from decisioning.contact_policy import CapKey, Limits, limits
from decisioning.customer import Customer, FeatureValue
from decisioning.eligibility import UNREADABLE, CompiledCatalog, Entrant, Slot, Stop
from decisioning.holdout import Arm

_HELD_OUT = Stop("holdout", "hold_out")
_UNREADABLE = Stop("unreadable", "consent or contacts could not be read")


def values_of(customer: Customer, context: Mapping[str, FeatureValue]) -> dict[str, FeatureValue]:
    """What conditions may read: the customer's features, and the request's context under `context.`."""
    return {**customer.features, **{CONTEXT + name: value for name, value in context.items()}}


@dataclass(frozen=True, slots=True)
class Moment:
    """What the stages look at besides the action: the customer, the slot, the values that conditions read, the arm."""

    customer: Customer
    placement: Placement
    values: Mapping[str, FeatureValue]
    arm: Arm


@dataclass(frozen=True, slots=True)
class Funnel:
    """The outcome of the funnel.

    Parameters: `passed`, by action; `stopped`, why each other action was; `limits`, what is left of them; `sharing`,
    the actions that count under each cap key.
    """

    passed: Mapping[str, Entrant]
    stopped: Mapping[str, Stop]
    limits: Limits
    sharing: Mapping[CapKey, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Rules:
    """What this moment says of whole purposes, whole issues and single actions besides their conditions."""

    by_purpose: Mapping[str, Stop]
    by_issue: Mapping[str, Stop]
    by_action: Mapping[str, Stop]

    def stop(self, action: Action) -> Stop | None:
        """The stop of the first of the stages consent, hold, rest and cap."""
        return self.by_purpose.get(action.purpose) or self.by_issue.get(action.issue) or self.by_action.get(action.name)


def funnel(compiled: CompiledCatalog, moment: Moment) -> Funnel:
    """Pass every action of the catalogue through the stages, in their order; the first that stops it counts.

    The stages: holdout, placement, eligibility, applicability, suitability, consent, hold, rest, cap. A condition that
    is not TRUE excludes, a hold that is not FALSE holds, constraints that could not be read exclude everything. The
    arm `hold_out` stops everything; `eligibility_only` skips applicability and suitability.
    """
    left = limits(compiled.catalog.contact_policy, moment.customer.history, now=moment.customer.as_of)
    slot = compiled.slots[moment.placement.name]
    if moment.arm == "hold_out":
        return Funnel({}, {each.action.name: _HELD_OUT for each in slot.entrants}, left, slot.sharing)
    rules = _Rules(_by_purpose(compiled, moment), _by_issue(compiled, moment), _by_action(slot, left))
    passed: dict[str, Entrant] = {}
    stopped: dict[str, Stop] = {}
    only = moment.arm == "eligibility_only"
    for each in slot.entrants:
        stop = each.unfit or each.refused(moment.values, eligibility_only=only) or rules.stop(each.action)
        if stop:
            stopped[each.action.name] = stop
        else:
            passed[each.action.name] = each
    return Funnel(passed, stopped, left, slot.sharing)


def _by_purpose(compiled: CompiledCatalog, moment: Moment) -> dict[str, Stop]:
    """The purposes for which the customer may not be contacted on the placement's channel."""
    if UNREADABLE in moment.customer.degraded:
        return dict.fromkeys(compiled.purposes, _UNREADABLE)
    catalog, state = compiled.catalog, moment.customer.consent
    channel = catalog.channels[moment.placement.channel]
    return {
        purpose: Stop("consent", f"{purpose} on {channel.name} ({channel.consent})")
        for purpose in compiled.purposes
        if not consented(state, purpose=purpose, channel=channel, catalog=catalog)
    }


def _by_issue(compiled: CompiledCatalog, moment: Moment) -> dict[str, Stop]:
    """The issues that are held, each by the first hold that covers it: the catalogue's, then those that people set."""
    stated = [hold for hold, condition in compiled.holds if condition.truth(moment.values) is not False]
    held = [(hold.name, hold.issues) for hold in stated] + [(hold.name, hold.issues) for hold in moment.customer.holds]
    return {
        issue: Stop("hold", name)
        for name, issues in reversed(held)
        for issue in compiled.issues
        if not issues or issue in issues
    }


def _by_action(slot: Slot, left: Limits) -> dict[str, Stop]:
    """The actions that rest, and those of which a cap leaves nothing (the first such cap is named)."""
    reached = reversed(left.exhausted(slot.sharing))
    caps = {name: Stop("cap", left.words(key)) for key in reached for name in slot.sharing[key]}
    if not left.resting:
        return caps
    rests = ((each.action.name, left.rest(each.candidates[0])) for each in slot.entrants if each.candidates)
    return {**caps, **{name: Stop("rest", words) for name, words in rests if words}}
