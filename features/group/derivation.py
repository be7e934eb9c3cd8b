"""Completes the features of customers with those of their groups, by the same `merge` and `at` as one customer's."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.fact import Fact
from features.feature import Feature
from features.group.circle import TYPE
from features.group.company import Company
from features.group.primitive import OfGroup
from features.group.sharing import Said, may_count
from features.primitives import Array
from features.runs import starts
from features.selector import Probe, Selector
from features.state import Layout


class GroupDerivation:
    """Fills in what groups tell.

    Parameters: `features`, the whole vector, in order; `columns`, of their states. `kinds` are those of the groups that
    are looked at, `by_kind` the names of their features, `traits` those of the traits.
    """

    def __init__(self, features: Sequence[Feature], columns: Sequence[str]) -> None:
        asked = [_Asked(place, f, f.primitive) for place, f in enumerate(features) if isinstance(f.primitive, OfGroup)]
        self.kinds = frozenset(each.primitive.group for each in asked)
        self._traits = [(each, _probe(each.primitive)) for each in asked if each.primitive.how == "trait"]
        self.traits = frozenset((TYPE, *(each.primitive.of for each, _ in self._traits))) if asked else frozenset()
        self.by_kind = {kind: tuple(e.feature.name for e in asked if e.primitive.group == kind) for kind in self.kinds}
        bases = {feature.name: feature for feature in features}
        place = {name: place for place, name in enumerate(columns)}
        added = [each for each in asked if each.primitive.how != "trait"]
        self._shares = [_Share(alike, bases, place) for alike in _alike(added)]

    def fill(self, values: Array, company: Company, now_us: Array) -> None:
        """Put what the groups of customers tell into their features.

        Parameters: `values`, shape (n, n_features); `now_us`, shape (n,), microseconds since the epoch.
        """
        for share in self._shares:
            share.fill(values, company, now_us)
        for asked, probe in self._traits:
            for row in company.of_kind(asked.primitive.group).tolist():
                values[row, asked.place] = _trait(asked, probe, company.circles[row][asked.primitive.group].traits)


class _Asked(NamedTuple):
    """One feature of a group, and where it stands in the vector."""

    place: int
    feature: Feature
    primitive: OfGroup


class _Share:
    """Features for which the same members count: of one kind of group, with the same purposes."""

    def __init__(self, asked: Sequence[_Asked], bases: Mapping[str, Feature], place: Mapping[str, int]) -> None:
        first = asked[0]
        self._kind = first.primitive.group
        self._purposes, self._needs_yes = first.feature.purposes, first.primitive.needs_yes
        self._members = _places(each for each in asked if each.primitive.how == "members")
        self._together = _Looked(asked, "together", bases, place)
        self._lowest = _Looked(asked, "lowest", bases, place)

    def fill(self, values: Array, company: Company, now_us: Array) -> None:
        rows, states = company.counting(self._kind, self._may)
        if not len(rows):
            return
        first = starts(rows)
        here = rows[first]
        values[here[:, None], self._members] = np.diff(first, append=len(rows))[:, None]
        if len((together := self._together).places):
            merged = together.layout.total(states[:, together.columns], rows)
            values[here[:, None], together.places] = together.layout.at(merged, now_us[here])
        if len((lowest := self._lowest).places):
            each = lowest.layout.at(states[:, lowest.columns], now_us[rows])
            values[here[:, None], lowest.places] = np.fmin.reduceat(each, first, axis=0)

    def _may(self, said: Said) -> bool:
        return may_count(said, self._purposes, needs_yes=self._needs_yes)


class _Looked:
    """The features that are looked at in members' states. Parameters: `columns`, where their states stand."""

    def __init__(
        self, asked: Iterable[_Asked], how: str, bases: Mapping[str, Feature], place: Mapping[str, int]
    ) -> None:
        wanted = [each for each in asked if each.primitive.how == how]
        self.places = _places(wanted)
        self.layout = Layout(bases[each.primitive.of] for each in wanted)
        self.columns: NDArray[np.intp] = np.array([place[name] for name in self.layout.columns], dtype=np.intp)


def _places(asked: Iterable[_Asked]) -> NDArray[np.intp]:
    return np.array([each.place for each in asked], dtype=np.intp)


def _alike(asked: Iterable[_Asked]) -> list[list[_Asked]]:
    keyed = [((e.primitive.group, e.feature.purposes, e.primitive.needs_yes), e) for e in asked]
    return [[each for _, each in same] for _, same in groupby(sorted(keyed, key=itemgetter(0)), key=itemgetter(0))]


def _probe(primitive: OfGroup) -> Probe:
    return Probe(Selector(("group",)), reads=primitive.of, one_of=primitive.one_of)


def _trait(asked: _Asked, probe: Probe, traits: Mapping[str, Any]) -> float:
    read = probe.read_accepted(Fact("group", "", traits, 0, 0))
    return asked.feature.nothing if read is None or read != read else read
