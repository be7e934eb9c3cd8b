"""The funnel: which actions may be spoken of at all, and why each of the others may not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from decisioning.action import Action
from decisioning.catalog import Catalog, Hold, Placement
from decisioning.condition import Condition, compile_condition
from decisioning.consent import consented
from decisioning.contact_policy import Limits, limits
from decisioning.customer import Customer, FeatureValue
from decisioning.holdout import Arm
from decisioning.ports import Candidate

CONTEXT = "context."
"""The prefix under which conditions read the request's context."""
UNREADABLE = "constraints"
"""The name in `Customer.degraded` that says consent, holds or contacts could not be read: nothing may be offered."""


@dataclass(frozen=True, slots=True)
class CompiledAction:
    """An action with its conditions compiled."""

    action: Action
    eligibility: Condition
    applicability: Condition
    suitability: Condition


@dataclass(frozen=True, slots=True)
class CompiledCatalog:
    """A catalogue whose conditions are compiled, once, for every decision made from it."""

    catalog: Catalog
    actions: tuple[CompiledAction, ...]
    holds: tuple[tuple[Hold, Condition], ...]
    weights: tuple[tuple[str, Condition, float], ...]
    policy_version: str

    def context_weight(self, issue: str, values: Mapping[str, FeatureValue]) -> float:
        """The product of the context weights of an issue whose conditions hold."""
        product = 1.0
        for name, condition, weight in self.weights:
            if name == issue and condition.holds(values):
                product *= weight
        return product


def compile_catalog(catalog: Catalog) -> CompiledCatalog:
    """Compile every condition of the catalogue. Raises `CatalogError` where one cannot be read."""
    policy = catalog.contact_policy
    return CompiledCatalog(
        catalog=catalog,
        actions=tuple(_compile_action(catalog.actions[name]) for name in sorted(catalog.actions)),
        holds=tuple((hold, compile_condition(hold.condition)) for hold in policy.holds),
        weights=tuple((each.issue, compile_condition(each.condition), each.weight) for each in catalog.context_weights),
        policy_version=_policy_version(catalog),
    )


def _compile_action(action: Action) -> CompiledAction:
    texts = (action.eligibility, action.applicability, action.suitability)
    return CompiledAction(action, *map(compile_condition, texts))


def _policy_version(catalog: Catalog) -> str:
    parts = (catalog.contact_policy, catalog.arbitration, catalog.exploration, catalog.holdout)
    return blake2b(repr(parts).encode(), digest_size=6).hexdigest()


@dataclass(frozen=True, slots=True)
class Stop:
    """The first stage that stops an action, and the rule, in words."""

    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Funnel:
    """The outcome of the funnel: candidates by action, and why each other action was stopped."""

    candidates: Mapping[str, Sequence[Candidate]]
    stopped: Mapping[str, Stop]
    limits: Limits


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


def funnel(compiled: CompiledCatalog, moment: Moment) -> Funnel:
    """Pass every action of the catalogue through the stages, in their order.

    The stages: holdout, placement, eligibility, applicability, suitability, consent, hold, rest, cap. A condition that
    is not TRUE excludes, a hold that is not FALSE holds, constraints that could not be read exclude everything. The
    arm `hold_out` stops everything; `eligibility_only` skips applicability and suitability.
    """
    left = limits(compiled.catalog.contact_policy, moment.customer.history, now=moment.customer.as_of)
    held = [hold for hold, condition in compiled.holds if condition.truth(moment.values) is not False]
    candidates: dict[str, Sequence[Candidate]] = {}
    stopped: dict[str, Stop] = {}
    for each in compiled.actions:
        fitting = _fitting(each.action, moment.placement)
        stop = next(_stops(each, fitting, moment, compiled.catalog, held=held, left=left), None)
        if stop:
            stopped[each.action.name] = stop
        else:
            candidates[each.action.name] = fitting
    return Funnel(candidates, stopped, left)


def _fitting(action: Action, placement: Placement) -> list[Candidate]:
    return [
        Candidate(action, treatment)
        for treatment in action.treatments
        if treatment.fits(channel=placement.channel, placement=placement.name)
    ]


def _stops(
    each: CompiledAction,
    fitting: Sequence[Candidate],
    moment: Moment,
    catalog: Catalog,
    *,
    held: Sequence[Hold],
    left: Limits,
) -> Iterator[Stop]:
    """Every stage that stops the action, lazily and in order; the first one counts."""
    if moment.arm == "hold_out":
        yield Stop("holdout", "hold_out")
    if not fitting:
        yield Stop("placement", f"no treatment for {moment.placement.name}")
        return
    yield from _condition_stops(each, moment)
    yield from _consent_stops(each.action, moment, catalog)
    yield from (Stop("hold", hold.name) for hold in held if not hold.issues or each.action.issue in hold.issues)
    if rest := left.rest(fitting[0]):
        yield Stop("rest", rest)
    if cap := left.reached_cap(fitting[0]):
        yield Stop("cap", cap)


def _condition_stops(each: CompiledAction, moment: Moment) -> Iterator[Stop]:
    stages = [("eligibility", each.eligibility)]
    if moment.arm != "eligibility_only":
        stages += [("applicability", each.applicability), ("suitability", each.suitability)]
    return (Stop(stage, condition.text) for stage, condition in stages if not condition.holds(moment.values))


def _consent_stops(action: Action, moment: Moment, catalog: Catalog) -> Iterator[Stop]:
    if UNREADABLE in moment.customer.degraded:
        yield Stop("unreadable", "consent or contacts could not be read")
    channel = catalog.channels[moment.placement.channel]
    if not consented(moment.customer.consent, purpose=action.purpose, channel=channel, catalog=catalog):
        yield Stop("consent", f"{action.purpose} on {channel.name} ({channel.consent})")
