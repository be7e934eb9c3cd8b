"""What a catalogue asks of every customer, compiled once: conditions, what fits where, what shares which cap."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from hashlib import blake2b

from decisioning.action import CONDITIONS, Action
from decisioning.bundling import apart
from decisioning.catalog import Catalog, Hold, Placement, QuietHours, is_always_quiet
from decisioning.condition import Condition, compile_condition
from decisioning.condition_python import LeadingFunction, compile_leading
from decisioning.contact_policy import CapKey, cap_keys
from decisioning.customer import FeatureValue
from decisioning.exclusive import rivals_of
from decisioning.foresight import foresees
from decisioning.formula import compile_formula, is_amount
from decisioning.pool import Draw, Pool, draws_of
from decisioning.ports import Candidate
from decisioning.slate import Slates

UNREADABLE = "constraints"
"""The name in `Customer.degraded` that says consent, holds or contacts could not be read: nothing may be offered."""
UNRECORDED = "ledger"
"""The name in `Customer.degraded` that says the decision cannot be recorded: nothing that is counted may be offered."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The first stage that stops an action, and the rule, in words."""

    stage: str
    reason: str


Check = tuple[Condition, Stop]
"""A condition, and how it stops an action where it is not TRUE."""


@dataclass(frozen=True)
class Entrant:
    """One action before one placement, with all about it that is the same for every customer.

    Parameters: `candidates`, its treatments that fit; `unfit`, the stop where none does; `eligibility`, the check of
    that stage alone, and `checks`, those of all three, in their order (empty conditions have none); `cap_keys` of a
    contact, the same for all its candidates; `draws`, what a contact takes of each pool, by the dearest of them;
    `place` among the entrants of its slot; `parts`, what a bundle is made of.
    """

    action: Action
    candidates: tuple[Candidate, ...]
    unfit: Stop | None
    eligibility: tuple[Check, ...]
    checks: tuple[Check, ...]
    cap_keys: tuple[CapKey, ...]
    draws: tuple[Draw, ...] = ()
    place: int = 0
    parts: tuple[Action, ...] = ()

    @cached_property
    def ends(self) -> datetime | None:
        """When it is over, or the first of its parts is; None where that is never."""
        return min(filter(None, (each.valid_until for each in (self.action, *self.parts))), default=None)

    def over(self, moment: datetime) -> str | None:
        """Why it may not go out at that moment, by itself or for one of its parts, in words; None where it may."""
        of_parts = ((part.name, part.out_of_date(moment)) for part in self.parts)
        said = (f"{name}: {words}" for name, words in of_parts if words)
        return self.action.out_of_date(moment) or next(said, None)

    @cached_property
    def later(self) -> tuple[Candidate, ...]:
        """Those of its candidates that go out later than they are decided."""
        return tuple([each for each in self.candidates if each.treatment.is_put_off])

    @cached_property
    def is_computed(self) -> bool:
        """Whether the catalogue computes its value, or what any of its treatments costs."""
        return bool(self.action.value_formula) or any(each.treatment.cost_formula for each in self.candidates)

    def unpriced(self, values: Mapping[str, FeatureValue]) -> Stop | None:
        """The formula of its value, or of the costs of all its treatments, that comes to nothing it can be."""
        told = self.action.value_formula
        if told and not is_amount(compile_formula(told).number(values)):
            return Stop("value", f"not known, or below 0: {told}")
        costs = [each.treatment.cost_formula for each in self.candidates]
        if costs and all(costs) and not any(is_amount(compile_formula(cost).number(values)) for cost in costs):
            return Stop("value", f"cost not known, or below 0: {costs[0]}")
        return None

    def refused(self, n_true: int, *, eligibility_only: bool) -> Stop | None:
        """How the first condition that is not TRUE stops it. Parameters: `n_true`, how many are until one is not."""
        checks = self.eligibility if eligibility_only else self.checks
        return checks[n_true][1] if n_true < len(checks) else None


@dataclass(frozen=True)
class Slot:
    """A placement with every action of the catalogue before it.

    Parameters: `entrants`, ordered by name; `sharing`, the names of the actions that each cap key may stop, keys in
    the order of the policy; `slates`, of the actions that come through; `leading`, how many of each entrant's checks
    are TRUE until one is not, of values, and `n_asked`, how many there are; `quiet`, the hours in which its channel
    is; `rivals`, by action, what may not stand in one list with it.
    """

    entrants: tuple[Entrant, ...]
    sharing: Mapping[CapKey, frozenset[str]]
    slates: Slates
    leading: LeadingFunction
    n_asked: tuple[int, ...]
    quiet: tuple[QuietHours, ...] = ()
    rivals: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @cached_property
    def by_name(self) -> Mapping[str, Entrant]:
        """Every entrant, in their order."""
        return {each.action.name: each for each in self.entrants}

    @cached_property
    def waiting(self) -> frozenset[str]:
        """The actions of which something may go out after quiet hours: none where these never end."""
        if is_always_quiet(self.quiet):
            return frozenset()
        return frozenset([each.action.name for each in self.entrants if each.later])

    @cached_property
    def hushed(self) -> "Slot":
        """The same while its channel is quiet: of what is waiting and not transactional, only what goes out later."""
        waiting = {name for name in self.waiting if not self.by_name[name].action.transactional}
        entrants = tuple(
            [replace(each, candidates=each.later) if each.action.name in waiting else each for each in self.entrants]
        )
        return replace(self, entrants=entrants, slates=Slates({each.action.name: each.candidates for each in entrants}))

    @cached_property
    def unfit(self) -> tuple[tuple[str, Stop], ...]:
        """Those that have no treatment here."""
        return tuple([(each.action.name, each.unfit) for each in self.entrants if each.unfit])

    @cached_property
    def dated(self) -> tuple[Entrant, ...]:
        """Those that are not always valid."""
        return tuple([each for each in self.entrants if each.action.valid_from or each.ends])

    @cached_property
    def ending(self) -> tuple[Entrant, ...]:
        """Those that are over one day, and may go out later than they are decided."""
        return tuple([each for each in self.entrants if each.ends and each.later])

    @cached_property
    def computed(self) -> tuple[Entrant, ...]:
        """Those whose value or cost is computed."""
        return tuple([each for each in self.entrants if each.is_computed])

    @cached_property
    def drawing(self) -> tuple[Entrant, ...]:
        """Those that take from a pool."""
        return tuple([each for each in self.entrants if each.draws])


@dataclass(frozen=True, slots=True)
class CompiledCatalog:
    """A catalogue whose conditions are compiled, once, for every decision made from it.

    Parameters: `slots` by placement; `purposes` and `issues` of its actions; `weights`, (issue, condition, factor);
    `pools` by key; `variations`, as customers of some variants meet it, kept by `variation.with_variants`.
    """

    catalog: Catalog
    slots: Mapping[str, Slot]
    purposes: frozenset[str]
    issues: frozenset[str]
    holds: tuple[tuple[Hold, Condition], ...]
    weights: tuple[tuple[str, Condition, float], ...]
    policy_version: str
    pools: Mapping[str, Pool]
    foresees: bool = False
    variations: dict[tuple[tuple[str, str], ...], "CompiledCatalog"] = field(
        default_factory=dict, repr=False, compare=False
    )

    def context_weights(self, values: Mapping[str, FeatureValue]) -> dict[str, float]:
        """By issue, the product of its context weights whose conditions hold; 1 where an issue is not named."""
        products: dict[str, float] = {}
        for issue, condition, weight in self.weights:
            if condition.holds(values):
                products[issue] = products.get(issue, 1.0) * weight
        return products


def compile_catalog(catalog: Catalog) -> CompiledCatalog:
    """Compile every condition of the catalogue. Raises `CatalogError` where one cannot be read."""
    policy = catalog.contact_policy
    checks = {name: _checks(catalog.actions[name]) for name in sorted(catalog.actions)}
    return CompiledCatalog(
        catalog=catalog,
        slots={name: _slot(placement, catalog, checks) for name, placement in catalog.placements.items()},
        purposes=frozenset(action.purpose for action in catalog.actions.values()),
        issues=frozenset(action.issue for action in catalog.actions.values()),
        holds=tuple((hold, compile_condition(hold.condition)) for hold in policy.holds),
        weights=tuple((each.issue, compile_condition(each.condition), each.weight) for each in catalog.context_weights),
        policy_version=_policy_version(catalog),
        pools={pool.key: pool for pool in catalog.pools},
        foresees=foresees(catalog),
    )


def _checks(action: Action) -> tuple[Check, ...]:
    texts = {stage: getattr(action, stage) for stage in CONDITIONS}
    return tuple((compile_condition(text), Stop(stage, text)) for stage, text in texts.items() if text.strip())


def _slot(placement: Placement, catalog: Catalog, checks: Mapping[str, tuple[Check, ...]]) -> Slot:
    policy = catalog.contact_policy
    fitting = (_entrant(catalog.actions[name], placement, checks[name], catalog) for name in checks)
    entrants = tuple(replace(each, place=place) for place, each in enumerate(fitting))
    limited = [each for each in entrants if not each.action.transactional]
    keys = sorted({key for each in entrants for key in each.cap_keys})
    sharing = {key: frozenset(each.action.name for each in limited if key in each.cap_keys) for key in keys}
    slates = Slates({each.action.name: each.candidates for each in entrants})
    channel = catalog.channels[placement.channel]
    quiet = tuple(each for each in policy.quiet_hours if each.hushes(channel))
    rivals = rivals_of([*policy.exclusive, *apart(catalog.actions)], {each.action.name for each in limited})
    asked = _asked(entrants, catalog)
    leading = compile_leading([[condition.tree for condition, _ in checks] for checks in asked])
    return Slot(entrants, sharing, slates, leading, tuple(map(len, asked)), quiet, rivals)


def _asked(entrants: Iterable[Entrant], catalog: Catalog) -> list[tuple[Check, ...]]:
    """The conditions of what may come through here, and of what bundles are made of, wherever that is shown."""
    parts = {part for action in catalog.actions.values() for part in action.bundle}
    return [each.checks if not each.unfit or each.action.name in parts else () for each in entrants]


def _entrant(action: Action, placement: Placement, checks: tuple[Check, ...], catalog: Catalog) -> Entrant:
    fitting = tuple(
        Candidate(action, treatment)
        for treatment in sorted(action.treatments, key=lambda each: each.name)
        if treatment.fits(channel=placement.channel, placement=placement.name)
    )
    return Entrant(
        action=action,
        candidates=fitting,
        unfit=None if fitting else Stop("placement", f"no treatment for {placement.name}"),
        eligibility=tuple(check for check in checks if check[1].stage == "eligibility"),
        checks=checks,
        cap_keys=cap_keys(catalog.contact_policy, fitting[0]) if fitting else (),
        draws=draws_of(catalog.pools, action, [each.treatment for each in fitting]),
        parts=tuple([catalog.actions[part] for part in action.bundle]),
    )


def _policy_version(catalog: Catalog) -> str:
    policy = catalog.contact_policy
    parts = (policy, catalog.arbitration, catalog.exploration, catalog.holdout, *catalog.pools)
    rule = (catalog.priority_formula, sorted(catalog.arbitration_by_issue.items()), catalog.tie_break)
    own = (*rule, policy.exclusive, catalog.exploration.sticky)
    named = (*parts, *own) if any(own) else parts
    tested = (*named, sorted(catalog.tests.items())) if catalog.tests else named
    soft = (*tested, catalog.exploration.temperature) if catalog.exploration.temperature else tested
    return blake2b(repr(soft).encode(), digest_size=6).hexdigest()
