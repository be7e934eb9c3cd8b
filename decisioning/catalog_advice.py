"""What a catalogue says that nobody can have meant: valid as it stands, and yet something can never happen."""

from collections.abc import Iterator
from datetime import datetime

from decisioning.action import CONDITIONS, Action
from decisioning.arbitration import Mode
from decisioning.catalog import Catalog, Placement, is_always_quiet
from decisioning.catalog_problem import Problem
from decisioning.condition import read_condition
from decisioning.condition_box import Vocabulary, never_true
from decisioning.condition_tree import CONTEXT, Every, Negation, names_in
from decisioning.pool import draws_of
from decisioning.variant import VariantTest


def advise(catalog: Catalog, vocabulary: Vocabulary, *, now: datetime) -> Iterator[Problem]:
    """Find what never happens, and what is missing where nothing may be offered.

    Parameters: `vocabulary`, the words of each category among the features.
    """
    for action in catalog.actions.values():
        yield from _action(action, catalog, now)
        yield from _contradictions(action, vocabulary)
    for placement in catalog.placements.values():
        yield from _placement(placement, catalog)
    yield from _policy(catalog, vocabulary)
    yield from _asked_in_vain(catalog, vocabulary)
    yield from _quiet_hours(catalog)
    yield from _pools(catalog)
    for test in catalog.tests.values():
        yield from _test(test, catalog)
    unused = sorted(set(catalog.channels) - {each.channel for each in catalog.placements.values()})
    for channel in unused:
        yield Problem(("channels", channel), "no placement is of this channel: nothing is ever shown on it")


def _action(action: Action, catalog: Catalog, now: datetime) -> Iterator[Problem]:
    path = ("actions", action.name)
    for treatment in action.treatments:
        slots = [
            each for each in catalog.placements.values() if treatment.fits(channel=each.channel, placement=each.name)
        ]
        if not slots:
            yield Problem((*path, "treatments", treatment.name), "no placement shows it")
    if action.valid_until is not None and action.valid_until <= now:
        yield Problem((*path, "valid_until"), f"over since {action.valid_until.isoformat()}: it is never offered again")
    if not _is_shown_anyway(action, catalog):
        yield from _worthless(action, catalog.arbitration_by_issue.get(action.issue, catalog.arbitration))


def _is_shown_anyway(action: Action, catalog: Catalog) -> bool:
    """Whether it is shown whatever its priority, at least somewhere and where nothing else may be."""
    filled = [slot for slot in catalog.placements.values() if slot.must_fill]
    return action.mandatory or any(
        treatment.fits(channel=slot.channel, placement=slot.name) for slot in filled for treatment in action.treatments
    )


def _worthless(action: Action, mode: Mode) -> Iterator[Problem]:
    """What makes a priority 0, as far as the mode says what it is made of."""
    path = ("actions", action.name)
    if action.value == 0 and not action.value_formula and mode != "custom":
        text = "is 0: it is never worth more than doing nothing, and only exploration shows it"
        yield Problem((*path, "value"), text)
    if action.starting_propensity == 0 and mode in ("incremental_value", "propensity_value"):
        text = "is 0: until something was learned of it, only exploration shows it"
        yield Problem((*path, "starting", "propensity"), text)


def _contradictions(action: Action, vocabulary: Vocabulary) -> Iterator[Problem]:
    """A condition that is never TRUE, or three that never are at once."""
    trees = {stage: read_condition(getattr(action, stage)) for stage in CONDITIONS}
    alone = [stage for stage, tree in trees.items() if never_true(tree, vocabulary)]
    for stage in alone:
        yield Problem(("actions", action.name, stage), "is never TRUE: nobody is ever offered this")
    if not alone and never_true(Every(tuple(trees.values())), vocabulary):
        yield Problem(
            ("actions", action.name), f"{', '.join(CONDITIONS)} contradict each other: nobody is ever offered this"
        )


def _placement(placement: Placement, catalog: Catalog) -> Iterator[Problem]:
    path = ("placements", placement.name)
    fitting = [
        action.name
        for action in catalog.actions.values()
        if any(each.fits(channel=placement.channel, placement=placement.name) for each in action.treatments)
    ]
    if not fitting:
        yield Problem(path, "no action has a treatment for it: it is always empty")
    elif placement.must_fill and not placement.fallback:
        yield Problem(path, "must be filled, and stays empty where no action may be offered: name a fallback")
    if placement.fallback and placement.fallback not in fitting:
        yield Problem((*path, "fallback"), f"{placement.fallback} has no treatment for this placement")
    elif placement.fallback and _conditions_of(catalog.actions[placement.fallback]):
        yield Problem(
            (*path, "fallback"), f"{placement.fallback} has conditions: it may be excluded where it is needed"
        )


def _conditions_of(action: Action) -> list[str]:
    return [stage for stage in CONDITIONS if getattr(action, stage).strip()]


def _policy(catalog: Catalog, vocabulary: Vocabulary) -> Iterator[Problem]:
    for index, cap in enumerate(catalog.contact_policy.caps):
        if cap.at_most == 0:
            yield Problem(("contact_policy", "caps", index, "at_most"), "is 0: whatever it counts is never offered")
    for index, hold in enumerate(catalog.contact_policy.holds):
        path, tree = ("contact_policy", "holds", index, "condition"), read_condition(hold.condition)
        if never_true(tree, vocabulary):
            yield Problem(path, "is never TRUE; where it is unknown, it holds all the same")
        elif never_true(Negation(tree), vocabulary):
            held = "its issues are" if hold.issues else "nothing is"
            yield Problem(path, f"is never FALSE: {held} {'never ' if hold.issues else 'ever '}spoken of to anybody")
    if catalog.exploration.epsilon == 0 and not catalog.exploration.temperature:
        yield Problem(("exploration", "epsilon"), "is 0: nothing is ever learned of what is not the best already")


def _asked_in_vain(catalog: Catalog, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Conditions of context weights and triggers that are never TRUE."""
    for index, weight in enumerate(catalog.context_weights):
        if never_true(read_condition(weight.condition), vocabulary):
            yield Problem(("context_weights", index, "condition"), "is never TRUE: nothing is ever weighted by it")
    for trigger in catalog.triggers.values():
        path, tree = ("triggers", trigger.name, "condition"), read_condition(trigger.condition)
        told = sorted({name for name in names_in(tree) if name.startswith(CONTEXT)})
        if never_true(tree, vocabulary):
            yield Problem(path, "is never TRUE: nobody is ever decided for")
        elif told:
            yield Problem(path, f"reads {told[0]}, and nobody tells a trigger facts of the moment: it is never known")


def _quiet_hours(catalog: Catalog) -> Iterator[Problem]:
    """Hours that are none, and channels that are quiet all day."""
    for index, hours in enumerate(catalog.contact_policy.quiet_hours):
        if hours.starts == hours.ends:
            text = f"begin and end at {hours.ends:%H:%M}: no time of day is quiet because of them"
            yield Problem(("contact_policy", "quiet_hours", index), text)
    for channel in catalog.channels.values():
        quiet = [hours for hours in catalog.contact_policy.quiet_hours if hours.hushes(channel)]
        if is_always_quiet(quiet):
            text = f"leave channel {channel.name} no time of a day: nothing is ever sent there"
            yield Problem(("contact_policy", "quiet_hours"), text)


def _test(test: VariantTest, catalog: Catalog) -> Iterator[Problem]:
    """Variants that nobody gets, that are never seen in one place, and that some customers would need."""
    path = ("tests", test.name, "shares")
    for variant, share in test.shares.items():
        if share == 0:
            yield Problem((*path, variant), "is 0: nobody is in this variant")
        if not test.action and variant in {each.fallback for each in catalog.placements.values()}:
            yield Problem((*path, variant), "is a fallback: customers of the other variants have none there")
    slots = [_slots(test, variant, catalog) for variant in test.shares]
    if not set.intersection(*slots):
        yield Problem(path, "no placement shows all of them: they are never compared in the same place")


def _slots(test: VariantTest, variant: str, catalog: Catalog) -> set[str]:
    """The placements that show a variant."""
    treatments = catalog.actions[test.action or variant].treatments
    shown = [each for each in treatments if not test.action or each.name == variant]
    placements = catalog.placements.values()
    return {slot.name for slot in placements for each in shown if each.fits(channel=slot.channel, placement=slot.name)}


def _pools(catalog: Catalog) -> Iterator[Problem]:
    """What nothing can be drawn from, and what nothing is ever drawn from."""
    for section, pools in (("budgets", catalog.budgets), ("inventories", catalog.inventories)):
        for pool in pools.values():
            path = (section, pool.name)
            if pool.units == 0:
                yield Problem(path, "is 0: what draws from it is never offered")
            elif not any(draws_of((pool,), action, action.treatments) for action in catalog.actions.values()):
                yield Problem(path, "is never drawn from: no contact with its actions costs anything")
    yield from _too_dear(catalog)
    for channel in catalog.channels.values():
        if channel.capacity is not None and channel.capacity.units == 0:
            yield Problem(("channels", channel.name, "capacity"), "is 0: nothing is ever offered there")


def _too_dear(catalog: Catalog) -> Iterator[Problem]:
    """Actions that cost more in a placement than a whole budget has, by their dearest treatment there."""
    for placement in catalog.placements.values():
        for action in catalog.actions.values():
            fitting = [
                each for each in action.treatments if each.fits(channel=placement.channel, placement=placement.name)
            ]
            taken = {draw.pool: draw.units for draw in draws_of(catalog.budgets.values(), action, fitting)}
            for budget in catalog.budgets.values():
                if 0 < budget.units < taken.get(budget.key, 0):
                    where = f"{action.name} costs in {placement.name}"
                    yield Problem(
                        ("budgets", budget.name, "amount"), f"is less than one contact of {where}: never offered"
                    )
