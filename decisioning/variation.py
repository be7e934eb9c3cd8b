"""A compiled catalogue as the customers of some variants meet it: without the other variants of the same tests."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from decisioning.eligibility import CompiledCatalog, Entrant, Slot, Stop
from decisioning.pool import draws_of
from decisioning.slate import Slates
from decisioning.variant import variants_of

MOST_KEPT = 256
"""Sets of variants for which a catalogue is kept."""


def varied(compiled: CompiledCatalog, customer_id: str) -> CompiledCatalog:
    """The catalogue as a customer meets it; itself where it tests nothing."""
    tests = compiled.catalog.tests
    return with_variants(compiled, variants_of(customer_id, tests)) if tests else compiled


def with_variants(compiled: CompiledCatalog, variants: Mapping[str, str]) -> CompiledCatalog:
    """The catalogue as customers of these variants, by test, meet it."""
    if not variants:
        return compiled
    kept, key = compiled.variations, tuple(sorted(variants.items()))
    found = kept.get(key)
    if found is None:
        if len(kept) >= MOST_KEPT:
            kept.clear()
        closed = _Closed.of(compiled, variants)
        slots = {name: _narrowed(slot, closed, compiled) for name, slot in compiled.slots.items()}
        found = kept[key] = replace(compiled, slots=slots, variations={})
    return found


@dataclass(frozen=True, slots=True)
class _Closed:
    """What belongs to other variants: actions by name, and treatments by those of action and treatment."""

    actions: dict[str, Stop] = field(default_factory=dict)
    treatments: dict[tuple[str, str], Stop] = field(default_factory=dict)

    @classmethod
    def of(cls, compiled: CompiledCatalog, variants: Mapping[str, str]) -> "_Closed":
        closed = cls()
        for name, own in variants.items():
            test, stop = compiled.catalog.tests[name], Stop("test", f"{name}: {own}")
            for other in test.shares.keys() - {own}:
                if test.action:
                    closed.treatments[test.action, other] = stop
                else:
                    closed.actions[other] = stop
        return closed


def _narrowed(slot: Slot, closed: _Closed, compiled: CompiledCatalog) -> Slot:
    entrants = tuple(_left(each, closed, compiled) for each in slot.entrants)
    return replace(slot, entrants=entrants, slates=Slates({each.action.name: each.candidates for each in entrants}))


def _left(entrant: Entrant, closed: _Closed, compiled: CompiledCatalog) -> Entrant:
    """The action with the treatments that are left of it; stopped where none is."""
    action, stop = entrant.action, closed.actions.get(entrant.action.name)
    if stop:
        return replace(entrant, unfit=entrant.unfit or stop)
    stops = [closed.treatments.get((action.name, each.treatment.name)) for each in entrant.candidates]
    if not any(stops):
        return entrant
    left = tuple(each for each, stop in zip(entrant.candidates, stops, strict=True) if not stop)
    draws = draws_of(compiled.catalog.pools, action, [each.treatment for each in left])
    return replace(entrant, candidates=left, draws=draws, unfit=None if left else next(filter(None, stops)))
