"""Likeness: customers whom the funnel cannot tell apart; it is passed once for each kind of them.

What the funnel looks at is: which condition stops each action first, which computed values and costs are known, which
holds and context weights are on, the arm, the variants, the consent, the customer's clock, and what is particular to
one: contacts, answers, holds that people set.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from decisioning.catalog import Placement
from decisioning.condition_array import Column, Flags, Verdict, Words, judge, true_of
from decisioning.condition_time import NOW, TODAY, clock_values
from decisioning.eligibility import CompiledCatalog, Entrant
from decisioning.feature_use import barred_features
from decisioning.formula import compile_formula
from decisioning.funnel import clock_of
from decisioning.holdout import ARMS, Arm, arm_of
from decisioning.outbound.crowd import SILENT, Crowd, without
from decisioning.variant import VariantTest

Codes = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Likeness:
    """Parameters: `kind` (n,) of each customer; `examples` (n_kinds,), a place where each stands; `arms` (n,)."""

    kind: NDArray[np.intp]
    examples: NDArray[np.intp]
    arms: tuple[Arm, ...]


def allowed(crowd: Crowd, compiled: CompiledCatalog, placement: Placement) -> Crowd:
    """The crowd with nothing known where the purpose of a feature is not allowed; see `feature_use.as_allowed`."""
    channel = compiled.catalog.channels[placement.channel]
    columns = dict(crowd.columns)
    for places in _by_consent(crowd):
        state = crowd.consents.get(places[0], SILENT)
        for name in barred_features(state, crowd.purposes, channel=channel, catalog=compiled.catalog):
            columns[name] = without(columns[name], places)
    return replace(crowd, columns=columns)


def likeness(crowd: Crowd, compiled: CompiledCatalog, placement: Placement, *, known: Flags) -> Likeness:
    """Who is like whom.

    Parameters: `crowd`, as `allowed`; `known` (n, k), whether what the catalogue computes of each came to an amount.
    """
    columns, n = with_clock(crowd, compiled), len(crowd)
    arms = tuple([arm_of(each, compiled.catalog.holdout) for each in crowd.ids])
    told = [np.array([ARMS.index(arm) for arm in arms]), _coded(_by_consent(crowd), n), _own_codes(crowd)]
    told += [zones_of(crowd, compiled), *(each for each in known.T if not each.all())]
    told += [_variants(each, crowd) for each in compiled.catalog.tests.values()]
    told += [_first_stop(each, columns, n) for each in compiled.slots[placement.name].entrants]
    told += [_is_priced(each, columns, n) for each in _parts_elsewhere(compiled, placement)]
    told += [_code(judge(condition.tree, columns, n=n)) for _, condition in compiled.holds]
    told += [true_of(condition.tree, columns, n=n).astype(np.int32) for _, condition, _ in compiled.weights]
    rows = np.ascontiguousarray(np.stack(told, axis=1), dtype=np.int32)
    packed = rows.view(np.dtype((np.void, rows.shape[1] * rows.itemsize)))[:, 0]
    _, examples, kind = np.unique(packed, return_index=True, return_inverse=True)
    return Likeness(kind, examples, arms)


def _by_consent(crowd: Crowd) -> Iterator[list[int]]:
    """The places of those who said the same, those who said nothing included."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for place in range(len(crowd)):
        said = crowd.consents.get(place)
        groups.setdefault(tuple(said.answers.items()) if said else (), []).append(place)
    return iter(groups.values())


def _own_codes(crowd: Crowd) -> Codes:
    """Whoever has contacts, answers or holds of people is like nobody."""
    codes = np.zeros(len(crowd), dtype=np.int32)
    own = sorted({*crowd.histories, *crowd.holds})
    codes[own] = np.arange(1, len(own) + 1)
    return codes


def _variants(test: VariantTest, crowd: Crowd) -> Codes:
    """Which variant of a test each customer is in; 0 is none."""
    codes = {name: code for code, name in enumerate(test.shares, 1)}
    return np.array([codes.get(test.variant_of(each), 0) for each in crowd.ids], dtype=np.int32)


def zones_of(crowd: Crowd, compiled: CompiledCatalog) -> Codes:
    """The time zone that each customer's own feature names."""
    column = crowd.columns.get(compiled.catalog.contact_policy.time_zone_feature)
    if column is None:
        return np.zeros(len(crowd), dtype=np.int32)
    numbers = column.codes if isinstance(column, Words) else column
    return np.nan_to_num(numbers, nan=-1.0).astype(np.int32)


def with_clock(crowd: Crowd, compiled: CompiledCatalog) -> Mapping[str, Column]:
    """The columns, with the moment and each customer's day."""
    today, zones = np.zeros(len(crowd)), zones_of(crowd, compiled)
    for zone in np.unique(zones):
        places = np.flatnonzero(zones == zone)
        features = crowd.customer(int(places[0])).features
        local = clock_of(features, now=crowd.as_of, policy=compiled.catalog.contact_policy)
        today[places] = clock_values(crowd.as_of, local)[TODAY]
    now = clock_values(crowd.as_of, crowd.as_of)[NOW]
    return {**crowd.columns, NOW: np.full(len(crowd), now), TODAY: today}


def _first_stop(entrant: Entrant, columns: Mapping[str, Column], n: int) -> Codes:
    """Which check is the first that is not TRUE (the number of checks: none), of each customer.

    One number for all checks, and one for eligibility alone, which comes first: what stops there stops both.
    """
    codes = np.full(n, len(entrant.checks), dtype=np.int32)
    for place in reversed(range(len(entrant.checks))):
        codes[~true_of(entrant.checks[place][0].tree, columns, n=n)] = place
    return codes


def _parts_elsewhere(compiled: CompiledCatalog, placement: Placement) -> Iterator[Entrant]:
    """Of what bundles are made of, that which has no treatment here and a value that is computed."""
    parts = {part for action in compiled.catalog.actions.values() for part in action.bundle}
    entrants = compiled.slots[placement.name].entrants
    return (each for each in entrants if each.unfit and each.is_computed and each.action.name in parts)


def _is_priced(entrant: Entrant, columns: Mapping[str, Column], n: int) -> Codes:
    """Whether the value of an action came to an amount, of each customer: a bundle that it is a part of needs one."""
    found = compile_formula(entrant.action.value_formula).of_many(columns, n=n)
    return ((found >= 0.0) & np.isfinite(found)).astype(np.int32)


def _code(verdict: Verdict) -> Codes:
    return verdict.true.astype(np.int32) - verdict.false.astype(np.int32)


def _coded(groups: Iterable[Sequence[int]], n: int) -> Codes:
    codes = np.zeros(n, dtype=np.int32)
    for code, places in enumerate(groups):
        codes[list(places)] = code
    return codes
