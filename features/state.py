"""The state of many features side by side: one float64 vector per customer, merged and read kind by kind."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from features.feature import Feature
from features.primitives import Array, Block, OneByOne, Primitive


@dataclass(frozen=True, slots=True)
class KindBlock:
    """The features of one kind: where their parts stand in the vector, and their parameters.

    Parameters: `parts`, one slice of columns for each part, and `cells`, how many columns of it are one feature's;
    `parameter`, shape (n_features of the kind,), and the same as a list; `one_by_one`, the primitive, if it is one.
    """

    primitive: type[Primitive]
    parts: tuple[slice, ...]
    cells: tuple[int, ...]
    parameter: Array
    parameters: list[float]
    one_by_one: type[OneByOne] | None

    def of(self, state: Array) -> Block:
        """The block's columns of states of shape (n, n_state), as views."""
        return tuple(
            state[:, part] if cells == 1 else state[:, part].reshape(len(state), _width(part) // cells, cells)
            for part, cells in zip(self.parts, self.cells, strict=True)
        )

    def at_one(self, state: Array, row: Sequence[float], now_us: Array) -> list[float]:
        """The values of one customer, whose state is given as array and as list."""
        if self.one_by_one:
            return self.one_by_one.at_one([row[part] for part in self.parts], float(now_us[0, 0]), self.parameters)
        values: list[float] = self.primitive.at(self.of(state), now_us, self.parameter)[0].tolist()
        return values


class Layout:
    """Which columns the state of some features has, and the operations on it.

    Columns of one kind stand together, part by part, so that merging and reading cost a few numpy calls per kind.
    Empty is NaN everywhere.
    """

    def __init__(self, features: Iterable[Feature]) -> None:
        given = tuple(features)
        kinds = sorted({type(feature.primitive) for feature in given}, key=lambda kind: kind.kind)
        self.features = tuple(f for kind in kinds for f in given if type(f.primitive) is kind)
        self.columns = _columns(self.features)
        self.blocks = _blocks(self.features)
        self._nothing = np.array([feature.nothing for feature in given])
        place = {feature.name: position for position, feature in enumerate(self.features)}
        self._order = np.array([place[feature.name] for feature in given], dtype=np.intp)
        self._places, self._nothings = self._order.tolist(), self._nothing.tolist()

    def merge(self, a: Array, b: Array) -> Array:
        """The states after the facts of both, row by row; shapes (n, n_state)."""
        merged = a.copy()
        told = (b == b).any(axis=0).tolist()
        for block in self.blocks:
            if not any(told[block.parts[0].start : block.parts[-1].stop] if block.parts else ()):
                continue
            parts = block.primitive.merge(block.of(a), block.of(b), block.parameter)
            for part, values in zip(block.parts, parts, strict=True):
                merged[:, part] = values.reshape(len(a), _width(part))
        return merged

    def running(self, rows: Array, group: NDArray[np.intp]) -> Array:
        """The state after each row of its group: an inclusive scan, segmented by `group`.

        Parameters: `rows`, shape (n, n_state), the state of each fact alone; `group`, shape (n,), equal values
        adjacent. Takes log2(longest group) passes (Hillis and Steele, 1986).
        """
        state, step = rows.copy(), 1
        while (later := np.flatnonzero(group[step:] == group[:-step]) + step).size:
            state[later] = self.merge(state[later - step], state[later])
            step *= 2
        return state

    def total(self, rows: Array, group: NDArray[np.intp]) -> Array:
        """The state after the last row of each group, in order; see `running`.

        Neighbours are merged in pairs until one row of each group is left: about as many merges as rows.
        """
        while (same := group[1:] == group[:-1]).any():
            place = np.arange(len(group))
            begun = np.maximum.accumulate(np.where(np.concatenate(([True], ~same)), place, 0))
            first = (place - begun) % 2 == 0
            left = np.flatnonzero(first[:-1] & same)
            rows[left] = self.merge(rows[left], rows[left + 1])
            rows, group = rows[first], group[first]
        return rows

    def at(self, state: Array, now_us: NDArray[np.int64] | Array) -> Array:
        """The documented values at a moment each.

        Parameters: `state`, shape (n, n_state); `now_us`, shape (n,), microseconds. Returns shape (n, n_features), in
        the order the features were given in; categories as codes; NaN where nothing is known and no default declared.
        """
        now = np.asarray(now_us, dtype=np.float64)[:, None]
        values = [block.primitive.at(block.of(state), now, block.parameter) for block in self.blocks]
        ordered = np.concatenate(values, axis=1)[:, self._order]
        return np.where(np.isnan(ordered), self._nothing, ordered)

    def at_one(self, state: Array, now_us: float) -> list[float]:
        """As `at`, of one customer: `state` of shape (1, n_state)."""
        row, now = state[0].tolist(), np.array([[now_us]])
        values: list[float] = []
        for block in self.blocks:
            values += block.at_one(state, row, now)
        ordered = [values[place] for place in self._places]
        return [v if v == v else nothing for v, nothing in zip(ordered, self._nothings, strict=True)]


def _width(part: slice) -> int:
    return int(part.stop - part.start)


def _columns(features: Sequence[Feature]) -> tuple[str, ...]:
    names: list[str] = []
    for _, same in groupby(features, key=lambda feature: type(feature.primitive)):
        names += chain.from_iterable(_part_columns(tuple(same)))
    return tuple(names)


def _part_columns(same: Sequence[Feature]) -> Iterator[list[str]]:
    """The columns of each part of the features of one kind; a shared one has them once."""
    for parts in zip(*(feature.primitive.parts() for feature in same), strict=True):
        owned = zip(same, parts, strict=True)
        yield list(dict.fromkeys(column for feature, part in owned for column in feature.columns_of(part)))


def _blocks(features: Sequence[Feature]) -> tuple[KindBlock, ...]:
    blocks: list[KindBlock] = []
    start = 0
    for primitive, same in groupby(features, key=lambda feature: type(feature.primitive)):
        block = _block(primitive, tuple(same), start)
        blocks.append(block)
        start = block.parts[-1].stop if block.parts else start
    return tuple(blocks)


def _block(primitive: type[Primitive], same: Sequence[Feature], start: int) -> KindBlock:
    edges = list(accumulate([start, *map(len, _part_columns(same))]))
    parts = tuple(slice(left, right) for left, right in pairwise(edges))
    cells = tuple(part.cells for part in same[0].primitive.parts())
    parameters = [feature.primitive.parameter for feature in same]
    one_by_one = primitive if issubclass(primitive, OneByOne) else None
    return KindBlock(primitive, parts, cells, np.array(parameters), parameters, one_by_one)
