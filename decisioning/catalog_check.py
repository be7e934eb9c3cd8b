"""Whether the parts of a catalogue fit together: every name that is used exists, every condition compiles."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime

from decisioning.action import CONDITIONS, NO_ACTION, Action, Treatment
from decisioning.arbitration_rule import FACTORS
from decisioning.catalog import Cap, Catalog
from decisioning.catalog_problem import Path, Problem, one_of
from decisioning.condition import compile_condition
from decisioning.condition_kind import Kinds
from decisioning.condition_time import CLOCK, CLOCK_KINDS
from decisioning.errors import CatalogError
from decisioning.foresight import FORESEEN_NAMES
from decisioning.formula import check_formula
from decisioning.holdout import ARMS
from decisioning.outcome import OUTCOME_TYPES


def check(catalog: Catalog, *, features: Collection[str] | None = None) -> Iterator[Problem]:
    """Find what does not fit.

    Parameters: `features`, the feature names that conditions may read (None: any), with what each is where it is known.
    """
    yield from _placements(catalog)
    for action in catalog.actions.values():
        yield from _action(action, catalog)
    yield from _caps(catalog)
    yield from _rests(catalog)
    yield from _holds(catalog)
    yield from _exclusive(catalog)
    yield from _quiet_hours(catalog, features)
    yield from _context_weights(catalog)
    yield from _holdout(catalog)
    yield from _pools(catalog)
    yield from _tests(catalog)
    yield from _arbitration(catalog)
    yield from _triggers(catalog)
    yield from _conditions(catalog, features)


def _placements(catalog: Catalog) -> Iterator[Problem]:
    for placement in catalog.placements.values():
        path = ("placements", placement.name, "channel")
        yield from _exists(path, placement.channel, catalog.channels, what="channel")
        if placement.fallback:
            here = ("placements", placement.name, "fallback")
            yield from _exists(here, placement.fallback, catalog.actions, what="action")


def _action(action: Action, catalog: Catalog) -> Iterator[Problem]:
    path = ("actions", action.name)
    if action.name == NO_ACTION:
        yield Problem(path, f"{NO_ACTION!r} is reserved for doing nothing; it needs no entry")
    if action.valid_from and action.valid_until and action.valid_until <= action.valid_from:
        yield Problem((*path, "valid_until"), "ends before it begins")
    yield from _bundle(action, catalog)
    for treatment in action.treatments:
        here = (*path, "treatments", treatment.name)
        yield from _exists((*here, "channel"), treatment.channel, catalog.channels, what="channel")
        yield from _shown_where(here, treatment, catalog)
        yield from _sent_when(here, treatment, catalog)


def _bundle(action: Action, catalog: Catalog) -> Iterator[Problem]:
    path = ("actions", action.name, "bundle", "parts")
    for part in action.bundle:
        yield from _exists(path, part, catalog.actions, what="action")
        if part in catalog.actions and catalog.actions[part].bundle:
            yield Problem(path, f"{part} is a bundle: a bundle is made of single actions")
    if len(set(action.bundle)) < len(action.bundle):
        yield Problem(path, "names an action twice")


def _shown_where(path: Path, treatment: Treatment, catalog: Catalog) -> Iterator[Problem]:
    fitting = [each.name for each in catalog.placements.values() if each.channel == treatment.channel]
    for name in sorted(treatment.placements.difference(fitting)):
        problem = one_of(name, fitting, what=f"placement of channel {treatment.channel}")
        yield Problem((*path, "placements"), problem)


def _sent_when(path: Path, treatment: Treatment, catalog: Catalog) -> Iterator[Problem]:
    channel, hour = catalog.channels.get(treatment.channel), treatment.send_hour
    if channel is None or not treatment.is_put_off:
        return
    if not channel.outbound:
        yield Problem(path, f"channel {channel.name!r} shows at once; only an outbound one can wait")
    quiet = [each for each in catalog.contact_policy.quiet_hours if each.hushes(channel)]
    if hour is not None and any(each.covers(datetime(2000, 1, 1, hour, tzinfo=UTC)) for each in quiet):
        yield Problem((*path, "send_hour"), f"{hour}:00 lies in the quiet hours of channel {channel.name!r}")


def _caps(catalog: Catalog) -> Iterator[Problem]:
    for index, cap in enumerate(catalog.contact_policy.caps):
        path = ("contact_policy", "caps", index, "only")
        if cap.only and cap.scope == "customer":
            yield Problem(path, f"a customer cap counts every contact; remove only: {cap.only!r}")
        elif cap.only:
            yield from _exists(path, cap.only, _capped(cap, catalog), what=cap.scope)


def _capped(cap: Cap, catalog: Catalog) -> Collection[str]:
    if cap.scope == "channel":
        return catalog.channels
    return catalog.actions if cap.scope == "action" else {action.group for action in catalog.actions.values()}


def _rests(catalog: Catalog) -> Iterator[Problem]:
    for index, rest in enumerate(catalog.contact_policy.rests):
        yield from _exists(("contact_policy", "rests", index, "after"), rest.after, OUTCOME_TYPES, what="outcome type")


def _holds(catalog: Catalog) -> Iterator[Problem]:
    for index, hold in enumerate(catalog.contact_policy.holds):
        for issue in hold.issues:
            yield from _exists(("contact_policy", "holds", index, "issues"), issue, _issues(catalog), what="issue")


def _exclusive(catalog: Catalog) -> Iterator[Problem]:
    for index, each in enumerate(catalog.contact_policy.exclusive):
        for action in each.actions:
            yield from _exists(
                ("contact_policy", "exclusive", index, "actions"), action, catalog.actions, what="action"
            )


def _quiet_hours(catalog: Catalog, features: Collection[str] | None) -> Iterator[Problem]:
    policy = catalog.contact_policy
    for index, hours in enumerate(policy.quiet_hours):
        for channel in hours.channels:
            path = ("contact_policy", "quiet_hours", index, "channels")
            yield from _exists(path, channel, catalog.channels, what="channel")
    if policy.time_zone_feature and features is not None:
        yield from _exists(("contact_policy", "time_zone_feature"), policy.time_zone_feature, features, what="feature")


def _context_weights(catalog: Catalog) -> Iterator[Problem]:
    for index, weight in enumerate(catalog.context_weights):
        yield from _exists(("context_weights", index, "issue"), weight.issue, _issues(catalog), what="issue")


def _arbitration(catalog: Catalog) -> Iterator[Problem]:
    for issue in catalog.arbitration_by_issue:
        yield from _exists(("arbitration_by_issue", issue), issue, _issues(catalog), what="issue")
    custom = "custom" in (catalog.arbitration, *catalog.arbitration_by_issue.values())
    if custom != bool(catalog.priority_formula):
        yield Problem(("priority_formula",), "belongs to the arbitration custom, and to no other: give both or neither")


def _holdout(catalog: Catalog) -> Iterator[Problem]:
    shares = catalog.holdout.shares
    for name in shares:
        yield from _exists(("holdout", "shares", name), name, ARMS[1:], what="holdout arm")
    if sum(shares.values()) > 1 + 1e-9:
        yield Problem(("holdout", "shares"), f"shares add up to {sum(shares.values()):g}, at most 1 is allowed")


def _pools(catalog: Catalog) -> Iterator[Problem]:
    groups = {action.group for action in catalog.actions.values()}
    for section, pools in (("budgets", catalog.budgets), ("inventories", catalog.inventories)):
        for pool in pools.values():
            for name in sorted(pool.actions):
                yield from _exists((section, pool.name, "actions"), name, catalog.actions, what="action")
            for name in sorted(pool.groups):
                yield from _exists((section, pool.name, "groups"), name, groups, what="group")
    yield from _uncounted(catalog)


def _uncounted(catalog: Catalog) -> Iterator[Problem]:
    """Costs that a budget cannot count before it knows the customer."""
    for action in catalog.actions.values():
        budgets = catalog.budgets.values()
        named = [each.name for each in budgets if action.name in each.actions or action.group in each.groups]
        for treatment in action.treatments:
            if named and treatment.cost_formula:
                path = ("actions", action.name, "treatments", treatment.name, "cost_formula")
                yield Problem(path, f"the budget {named[0]} counts this cost, which must be a number then")


def _tests(catalog: Catalog) -> Iterator[Problem]:
    """Every variant exists, is of one test alone, and the shares are of one whole."""
    seen: dict[tuple[str, str], str] = {}
    for test in catalog.tests.values():
        path = ("tests", test.name)
        if test.action:
            yield from _exists((*path, "action"), test.action, catalog.actions, what="action")
        treatments = catalog.actions[test.action].treatments if test.action in catalog.actions else ()
        allowed = {each.name for each in treatments} if test.action else set(catalog.actions)
        for variant in test.shares:
            here = (*path, "shares", variant)
            yield from _exists(here, variant, allowed, what=f"treatment of {test.action}" if test.action else "action")
            if seen.setdefault((test.action, variant), test.name) != test.name:
                yield Problem(here, f"is a variant of the test {seen[test.action, variant]} already")
        if sum(test.shares.values()) > 1 + 1e-9:
            yield Problem((*path, "shares"), f"add up to {sum(test.shares.values()):g}, at most 1 is allowed")


def _triggers(catalog: Catalog) -> Iterator[Problem]:
    for name, trigger in catalog.triggers.items():
        here = ("triggers", name, "placement")
        yield from _exists(here, trigger.placement, catalog.placements, what="placement")


def _conditions(catalog: Catalog, features: Collection[str] | None) -> Iterator[Problem]:
    known = None if features is None else {*features, *CLOCK, *FORESEEN_NAMES}
    told = features if isinstance(features, Mapping) else {}
    kinds: Kinds = {**told, **CLOCK_KINDS, **dict.fromkeys(FORESEEN_NAMES, "number")}
    for path, text in _condition_texts(catalog):
        try:
            compile_condition(text, known=known, kinds=kinds)
        except CatalogError as error:
            yield Problem(path, error.message)
    if catalog.priority_formula:
        yield from _priority_formula(catalog, known, kinds)
    for path, text in _formula_texts(catalog):
        try:
            check_formula(text, known=known, kinds=kinds)
        except CatalogError as error:
            yield Problem(path, error.message)


def _condition_texts(catalog: Catalog) -> Iterator[tuple[Path, str]]:
    for action in catalog.actions.values():
        for stage in CONDITIONS:
            yield ("actions", action.name, stage), getattr(action, stage)
    for index, hold in enumerate(catalog.contact_policy.holds):
        yield ("contact_policy", "holds", index, "condition"), hold.condition
    for index, weight in enumerate(catalog.context_weights):
        yield ("context_weights", index, "condition"), weight.condition
    for name, trigger in catalog.triggers.items():
        yield ("triggers", name, "condition"), trigger.condition


def _priority_formula(catalog: Catalog, known: Collection[str] | None, kinds: Kinds) -> Iterator[Problem]:
    names = None if known is None else {*known, *FACTORS}
    try:
        check_formula(catalog.priority_formula, known=names, kinds={**kinds, **dict.fromkeys(FACTORS, "number")})
    except CatalogError as error:
        yield Problem(("priority_formula",), error.message)


def _formula_texts(catalog: Catalog) -> Iterator[tuple[Path, str]]:
    for action in catalog.actions.values():
        if action.value_formula:
            yield ("actions", action.name, "value_formula"), action.value_formula
        for treatment in action.treatments:
            if treatment.cost_formula:
                yield ("actions", action.name, "treatments", treatment.name, "cost_formula"), treatment.cost_formula


def _issues(catalog: Catalog) -> Collection[str]:
    return {action.issue for action in catalog.actions.values()}


def _exists(path: Path, name: str, allowed: Collection[str], *, what: str) -> Iterator[Problem]:
    if name not in allowed:
        yield Problem(path, one_of(name, sorted(allowed), what=what))
