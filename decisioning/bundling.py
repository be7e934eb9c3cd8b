"""Bundles: actions that offer several others together as one, with a value and cost of its own, or those of its parts.

A bundle stands for its parts and never beside them: it is offered where each of them might be, wherever that is shown.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from decisioning.action import Action, Treatment
from decisioning.exclusive import Exclusive


@dataclass(frozen=True, slots=True)
class Summed:
    """Which amounts of a bundle are those of its parts together. Parameters: `value` of one acceptance, `cost`."""

    value: bool = False
    cost: bool = False


def summed(bundle: Action, parts: Iterable[Action], which: Summed) -> Action:
    """The bundle with the amounts of its parts together, of each part in its cheapest treatment of the channel."""
    members = list(parts)
    if which.cost:
        treatments = tuple(_with_cost(each, members) for each in bundle.treatments)
        bundle = replace(bundle, treatments=treatments)
    if which.value:
        value, formula = _sum((each.value, each.value_formula) for each in members)
        bundle = replace(bundle, value=value, value_formula=formula)
    return bundle


def _with_cost(treatment: Treatment, parts: Iterable[Action]) -> Treatment:
    cheapest = [min(each, key=lambda one: (one.cost, one.name)) for each in _on(treatment.channel, parts) if each]
    cost, formula = _sum((each.cost, each.cost_formula) for each in cheapest)
    return replace(treatment, cost=cost, cost_formula=formula)


def _on(channel: str, parts: Iterable[Action]) -> Iterator[list[Treatment]]:
    return ([each for each in part.treatments if each.channel == channel] for part in parts)


def _sum(amounts: Iterable[tuple[float, str]]) -> tuple[float, str]:
    """What is usual and, where one is computed, the formula of them all."""
    pairs = list(amounts)
    formula = " + ".join(f"({text})" if text else repr(number) for number, text in pairs)
    return sum(number for number, _ in pairs), formula if any(text for _, text in pairs) else ""


def with_parts(actions: Mapping[str, Action], names: Iterable[str]) -> list[str]:
    """These actions, each followed by what it is made of where it is a bundle."""
    return [each for name in names for each in (name, *actions[name].bundle)]


def apart(actions: Mapping[str, Action]) -> Iterator[Exclusive]:
    """What never stands in one list because of bundles: each with its parts, and those that share a part."""
    bundles = [each for each in actions.values() if each.bundle]
    for each in bundles:
        yield from (Exclusive(each.name, (each.name, part)) for part in each.bundle)
        sharing = (other for other in bundles if other.name != each.name and set(other.bundle) & set(each.bundle))
        yield from (Exclusive(each.name, (each.name, other.name)) for other in sharing)
