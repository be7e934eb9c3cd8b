"""The funnel: which actions may be spoken of to a customer now, and why each of the others may not."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from decisioning.action import Action
from decisioning.catalog import ContactPolicy, Placement
from decisioning.condition_time import clock_values
from decisioning.condition_tree import CONTEXT
from decisioning.consent import consented
from decisioning.contact_policy import CapKey, Limits, limits
from decisioning.customer import Customer, FeatureValue
from decisioning.eligibility import UNREADABLE, UNRECORDED, CompiledCatalog, Entrant, Slot, Stop
from decisioning.ending import in_time
from decisioning.exclusive import stops_of
from decisioning.holdout import Arm
from decisioning.local_time import local_time
from decisioning.pool import Stock
from decisioning.slate import Slates

_HELD_OUT = Stop("holdout", "hold_out")
_NOT_NEEDED = Stop("fallback", "something else may be offered")
_UNREADABLE = Stop("unreadable", "consent or contacts could not be read")
_UNRECORDED = Stop("unrecorded", "a cap or pool counts its contacts, and the ledger cannot be written")


def values_of(
    features: Mapping[str, FeatureValue],
    context: Mapping[str, FeatureValue],
    *,
    now: datetime,
    policy: ContactPolicy | None = None,
) -> dict[str, FeatureValue]:
    """What conditions may read: features, the request's context under `context.`, and the clock.

    Parameters: `policy`, whose clock says what day today is (None: UTC).
    """
    local = clock_of(features, now=now, policy=policy) if policy else now
    said = {CONTEXT + name: value for name, value in context.items()}
    return {**features, **said, **clock_values(now, local)}


def clock_of(features: Mapping[str, FeatureValue], *, now: datetime, policy: ContactPolicy) -> datetime:
    """The moment on the customer's clock."""
    return local_time(now, features, feature=policy.time_zone_feature, zone=policy.time_zone)


@dataclass(frozen=True, slots=True)
class Moment:
    """What the stages look at besides the action: the customer, the slot, the values that conditions read, the arm.

    Parameters: `taken`, the actions that other placements of the same call show.
    """

    customer: Customer
    placement: Placement
    values: Mapping[str, FeatureValue]
    arm: Arm
    taken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Funnel:
    """The outcome of the funnel.

    Parameters: `passed`, by action; `stopped`, why each other action was; `limits`, what is left of them; `sharing`,
    the actions that each cap key may stop; `slates`, of what may be offered now; `stock`, what is left of the pools;
    `rivals`, by action, what may not stand in one list with it; `reserve`, the fallback that stands back for what
    passed.
    """

    passed: Mapping[str, Entrant]
    stopped: Mapping[str, Stop]
    limits: Limits
    sharing: Mapping[CapKey, frozenset[str]]
    slates: Slates
    stock: Stock
    rivals: Mapping[str, frozenset[str]] = field(default_factory=dict)
    reserve: Mapping[str, Entrant] = field(default_factory=dict)

    @property
    def fallen_back(self) -> "Funnel":
        """The same with the fallback let through: for where nothing that passed can be offered after all."""
        stopped = {name: stop for name, stop in self.stopped.items() if name not in self.reserve}
        return replace(self, passed={**self.passed, **self.reserve}, stopped=stopped, reserve={})


@dataclass(frozen=True, slots=True)
class _Rules:
    """What this moment says of whole purposes, whole issues and single actions besides their conditions.

    Parameters: `quiet`, within quiet hours the stop of whatever is neither transactional nor `waiting`, of which
    something goes out after them; `stock`, what is left of the pools; `unrecorded`, whether this decision cannot be
    recorded; `elsewhere`, the stops of what other placements show; `n_true`, how many conditions of each entrant
    are TRUE until one is not.
    """

    by_purpose: Mapping[str, Stop]
    by_issue: Mapping[str, Stop]
    by_action: Mapping[str, Stop]
    quiet: Stop | None
    waiting: frozenset[str]
    stock: Stock
    unrecorded: bool
    elsewhere: Mapping[str, Stop]
    n_true: Sequence[int]

    def undrawable(self, entrant: Entrant) -> Stop | None:
        """The stop of the stage pool: too little is left, or what is taken could not be recorded."""
        pool = self.stock.short(entrant.draws) if entrant.draws else None
        if pool:
            return Stop(pool.kind, pool.words())
        return _UNRECORDED if self.unrecorded and (entrant.cap_keys or entrant.draws) else None

    def stop(self, action: Action) -> Stop | None:
        """The stop of the first of the stages consent, hold, quiet, rest and cap."""
        stop = self.by_purpose.get(action.purpose)
        if stop or action.transactional:
            return stop
        quiet = None if action.name in self.waiting else self.quiet
        return self.by_issue.get(action.issue) or quiet or self.by_action.get(action.name)


def funnel(compiled: CompiledCatalog, moment: Moment) -> Funnel:
    """Pass every action of the catalogue through the stages, in their order; the first that stops it counts.

    The stages: holdout, placement, test, elsewhere, validity, eligibility, applicability, suitability, value, consent,
    hold, quiet, rest, cap, exclusive, budget or inventory or capacity, unrecorded, bundle, fallback. A condition not
    TRUE excludes, a hold that is not FALSE holds, constraints that could not be read exclude everything. The arm
    `hold_out` stops all but what is mandatory; `eligibility_only` skips applicability and suitability. What is
    transactional is stopped by neither hold, quiet hours, rest, cap nor what excludes it, but by what it draws from. In
    quiet hours an action comes through in those treatments alone that go out after them, and in none that goes out once
    it is over. A placement's fallback goes through all of it, and then stands back where anything else did.
    """
    policy, now = compiled.catalog.contact_policy, moment.customer.as_of
    local = clock_of(moment.values, now=now, policy=policy)
    left = limits(policy, moment.customer.history, now=now, local=local)
    slot, stock = compiled.slots[moment.placement.name], Stock(compiled.pools, moment.customer.used)
    quiet = _quiet(slot, local)
    slot = in_time(slot.hushed if quiet else slot, local)
    by_purpose, by_issue, by_action = _by_purpose(compiled, moment), _by_issue(compiled, moment), _by_action(slot, left)
    by_action = {**_exclusive(policy, moment), **by_action} if policy.exclusive else by_action
    unrecorded = UNRECORDED in moment.customer.degraded
    elsewhere, n_true = _elsewhere(moment.taken, slot), slot.leading(moment.values)
    waiting = slot.waiting if quiet else frozenset()
    rules = _Rules(by_purpose, by_issue, by_action, quiet, waiting, stock, unrecorded, elsewhere, n_true)
    stopped: dict[str, Stop] = {}
    for name, stop in _stage_by_stage(slot, moment, rules):
        stopped.setdefault(name, stop)
    passed = {name: each for name, each in slot.by_name.items() if name not in stopped}
    _stop_bundles(slot, passed, stopped, lambda part: _stop_of(part, moment, rules))
    fallback, reserve = moment.placement.fallback, dict[str, Entrant]()
    if len(passed) > 1 and fallback in passed:
        reserve[fallback] = passed.pop(fallback)
        stopped[fallback] = _NOT_NEEDED
    return Funnel(passed, stopped, left, slot.sharing, slot.slates, stock, slot.rivals, reserve)


def unspoken(compiled: CompiledCatalog, moment: Moment, names: Iterable[str]) -> Stop | None:
    """What stops any of some actions from being spoken of now, whatever chose them: consent, a hold, quiet hours."""
    slot, catalog = compiled.slots[moment.placement.name], compiled.catalog
    local = clock_of(moment.values, now=moment.customer.as_of, policy=catalog.contact_policy)
    by_purpose, by_issue, quiet = _by_purpose(compiled, moment), _by_issue(compiled, moment), _quiet(slot, local)
    spoken, stock = frozenset[str](), Stock({}, {})
    rules = _Rules(by_purpose, by_issue, {}, quiet, spoken, stock, unrecorded=False, elsewhere={}, n_true=())
    return next(filter(None, (rules.stop(catalog.actions[name]) for name in names)), None)


def _stop_bundles(
    slot: Slot, passed: dict[str, Entrant], stopped: dict[str, Stop], stop_of: Callable[[Entrant], Stop | None]
) -> None:
    """Stop every bundle of which a part might not be offered, wherever that is shown.

    Parameters: `stop_of` a part that has no treatment here, but for that.
    """
    for name in [name for name, each in passed.items() if each.action.bundle]:
        parts = {part: stopped[part] for part in passed[name].action.bundle if part in stopped}
        away = {each.action.name: each for each in slot.entrants if each.unfit and each.action.name in parts}
        stops = {part: stop_of(away[part]) if part in away else stop for part, stop in parts.items()}
        why = next((f"{part}: {stop.stage}" for part, stop in stops.items() if stop), None)
        if why:
            del passed[name]
            stopped[name] = Stop("bundle", why)


def _stage_by_stage(slot: Slot, moment: Moment, rules: _Rules) -> Iterator[tuple[str, Stop]]:
    """Whom each stage stops, whatever those before it did: most stages stop nobody, and look at nobody then.

    A law holds this to a plain reading of each action by itself.
    """
    if moment.arm == "hold_out":
        yield from [(each.action.name, _HELD_OUT) for each in slot.entrants if not each.action.mandatory]
    yield from slot.unfit
    yield from [(name, stop) for name, stop in rules.elsewhere.items() if name in slot.by_name]
    yield from _each(slot.dated, lambda each: _dated(each, moment.customer.as_of))
    if rules.n_true != slot.n_asked:
        only = moment.arm == "eligibility_only"
        yield from _each(slot.entrants, lambda each: each.refused(rules.n_true[each.place], eligibility_only=only))
    yield from _each(slot.computed, lambda each: each.unpriced(moment.values))
    if rules.by_purpose or rules.by_issue or rules.by_action or rules.quiet:
        yield from _each(slot.entrants, lambda each: rules.stop(each.action))
    yield from _each(slot.entrants if rules.unrecorded else slot.drawing, rules.undrawable)


def _each(entrants: Iterable[Entrant], stop: Callable[[Entrant], Stop | None]) -> Iterator[tuple[str, Stop]]:
    """Whom of these a stage stops, and how."""
    return ((each.action.name, found) for each in entrants if (found := stop(each)))


def _stop_of(each: Entrant, moment: Moment, rules: _Rules) -> Stop | None:
    """The first stop of an entrant that has no treatment here, but for that; it takes of no cap and of no pool."""
    return (
        (rules.elsewhere.get(each.action.name) if rules.elsewhere else None)
        or _dated(each, moment.customer.as_of)
        or each.refused(rules.n_true[each.place], eligibility_only=moment.arm == "eligibility_only")
        or (each.unpriced(moment.values) if each.is_computed else None)
        or rules.stop(each.action)
    )


def _elsewhere(taken: tuple[str, ...], slot: Slot) -> dict[str, Stop]:
    """What other placements of the same call show, and what that excludes."""
    stops = {name: Stop("elsewhere", "shown in another placement of this request") for name in taken}
    for name in taken:
        for rival in slot.rivals.get(name, ()):
            stops.setdefault(rival, Stop("elsewhere", f"{name} is shown in another placement of this request"))
    return stops


def _exclusive(policy: ContactPolicy, moment: Moment) -> dict[str, Stop]:
    stops = stops_of(policy.exclusive, moment.customer.history.contacts, now=moment.customer.as_of)
    return {action: Stop("exclusive", words) for action, words in stops.items()}


def _dated(each: Entrant, now: datetime) -> Stop | None:
    """The stop of what is not valid now, or over by the time at which any treatment of it would go out."""
    words = each.action.out_of_date(now)
    if not words and each.ends and not each.candidates and not each.unfit:
        words = each.over(each.ends)
    return Stop("validity", words) if words else None


def _quiet(slot: Slot, local: datetime) -> Stop | None:
    """The first quiet hours of the placement's channel that the customer's clock is in."""
    hours = next((each for each in slot.quiet if each.covers(local)), None)
    return Stop("quiet", f"quiet hours from {hours.starts:%H:%M} to {hours.ends:%H:%M}") if hours else None


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
