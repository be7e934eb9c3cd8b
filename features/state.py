"""The state of many features side by side: one float64 vector per customer, merged and read kind by kind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, groupby, pairwise

import numpy as np
from numpy.typing import NDArray

from features.feature import Feature
from features.primitives import Array, Block, Primitive


@dataclass(frozen=True, slots=True)
class KindBlock:
    """The features of one kind: where their parts stand in the vector, and their parameters.

    Parameters: `parts`, one slice of columns for each part; `parameter`, shape (n_features of the kind,).
    """

    primitive: type[Primitive]
    parts: tuple[slice, ...]
    parameter: Array

    def of(self, state: Array) -> Block:
        """The block's columns of states of shape (n, n_state), as views."""
        return tuple(state[:, part] for part in self.parts)


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
        self._order = np.array([self.features.index(feature) for feature in given], dtype=np.intp)

    def merge(self, a: Array, b: Array) -> Array:
        """The states after the facts of both, row by row; shapes (n, n_state)."""
        merged = np.empty_like(a)
        for block in self.blocks:
            parts = block.primitive.merge(block.of(a), block.of(b), block.parameter)
            for part, values in zip(block.parts, parts, strict=True):
                merged[:, part] = values
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

    def at(self, state: Array, now_us: NDArray[np.int64] | Array) -> Array:
        """The documented values at a moment each.

        Parameters: `state`, shape (n, n_state); `now_us`, shape (n,), microseconds. Returns shape (n, n_features), in
        the order the features were given in; categories as codes; NaN where nothing is known and no default declared.
        """
        now = np.asarray(now_us, dtype=np.float64)[:, None]
        values = [block.primitive.at(block.of(state), now, block.parameter) for block in self.blocks]
        ordered = np.concatenate(values, axis=1)[:, self._order]
        return np.where(np.isnan(ordered), self._nothing, ordered)


def _columns(features: Sequence[Feature]) -> tuple[str, ...]:
    names: list[str] = []
    for _, same in groupby(features, key=lambda feature: type(feature.primitive)):
        names += [column for part in zip(*(f.columns for f in same), strict=True) for column in part]
    return tuple(names)


def _blocks(features: Sequence[Feature]) -> tuple[KindBlock, ...]:
    blocks: list[KindBlock] = []
    start = 0
    for primitive, same in groupby(features, key=lambda feature: type(feature.primitive)):
        block = _block(primitive, [feature.primitive for feature in same], start)
        blocks.append(block)
        start = block.parts[-1].stop if block.parts else start
    return tuple(blocks)


def _block(primitive: type[Primitive], instances: Sequence[Primitive], start: int) -> KindBlock:
    n_parts, width = len(instances[0].parts()), len(instances)
    edges = list(accumulate([start] + [width] * n_parts))
    parts = tuple(slice(left, right) for left, right in pairwise(edges))
    return KindBlock(primitive, parts, np.array([instance.parameter for instance in instances]))
