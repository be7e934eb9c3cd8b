"""The trees of LightGBM's text as arrays: which split asks for what, and which leaves each of its answers rules out.

After Lucchese et al. (2015), "QuickScorer": a tree's leaves are the bits of one word, and a row's leaf is what is left
when every split has ruled out the side it does not go to. The format is that of `Tree::ToString` in LightGBM 4.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

MOST_LEAVES = 64
"""As many bits as a word has."""
EVERY = (1 << MOST_LEAVES) - 1
_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_WORD = 32


class Split(NamedTuple):
    """One split.

    Parameters: `column` that it looks at, and `kind` how (LightGBM's `decision_type`); `words`, the categories that go
    left (None: numbers up to `threshold` do); `left` and `right`, the leaves that are left over after either answer, as
    bits.
    """

    column: int
    kind: int
    threshold: float
    words: tuple[int, ...] | None
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class TextTree:
    """One tree. Parameters: `splits`, in any order; `values` of its leaves."""

    splits: tuple[Split, ...]
    values: tuple[float, ...]

    @property
    def no_split(self) -> Split:
        """What rules out no leaf of this tree."""
        every = (1 << len(self.values)) - 1
        return Split(0, 0, 0.0, None, every, every)


def trees_of(text: str) -> list[TextTree] | None:
    """Read the trees of a model's text; None where it holds what this does not know: linear leaves, too many leaves."""
    blocks = [dict(_lines(block)) for block in text.partition("end of trees")[0].split("\nTree=")[1:]]
    unknown = any(int(block["num_leaves"]) > MOST_LEAVES or block.get("is_linear", "0") != "0" for block in blocks)
    return None if unknown else [_tree(block) for block in blocks]


def _lines(block: str) -> Iterator[tuple[str, str]]:
    for line in block.splitlines():
        name, found, value = line.partition("=")
        if found:
            yield name, value


def _tree(block: Mapping[str, str]) -> TextTree:
    values = tuple(map(float, block["leaf_value"].split()))
    if len(values) == 1:
        return TextTree((), values)
    lefts, rights = _whole(block["left_child"]), _whole(block["right_child"])
    below = _leaves_below(lefts, rights)
    asked = zip(_whole(block["split_feature"]), _whole(block["decision_type"]), block["threshold"].split(), strict=True)
    words = _words(block)
    splits = (
        _split(column, kind, threshold, words, left=EVERY & ~below[right], right=EVERY & ~below[left])
        for (column, kind, threshold), left, right in zip(asked, lefts, rights, strict=True)
    )
    return TextTree(tuple(splits), values)


def _split(
    column: int, kind: int, threshold: str, words: tuple[tuple[int, ...], ...], *, left: int, right: int
) -> Split:
    if kind & _CATEGORICAL:
        return Split(column, kind, 0.0, words[int(threshold)], left, right)
    return Split(column, kind, float(threshold), None, left, right)


def way_of(kind: int) -> tuple[int, bool]:
    """How a numeric split looks at what is missing: (0: as 0, 1: 0 is missing too, 2: NaN is), and whether left."""
    return kind >> 2 & 3, bool(kind & _DEFAULT_LEFT)


def _leaves_below(lefts: list[int], rights: list[int]) -> dict[int, int]:
    """The leaves below every child, as bits; a leaf is named by −1 − its place, a split by its own."""
    below = {-1 - leaf: 1 << leaf for leaf in range(len(lefts) + 1)}
    for place in reversed(range(len(lefts))):  # a split is written before those below it
        below[place] = below[lefts[place]] | below[rights[place]]
    return below


def _words(block: Mapping[str, str]) -> tuple[tuple[int, ...], ...]:
    """Of each categorical split, the categories that go left."""
    if block.get("num_cat", "0") == "0":
        return ()
    ends, held = _whole(block["cat_boundaries"]), _whole(block["cat_threshold"])
    return tuple(_bits(held[start:end]) for start, end in pairwise(ends))


def _bits(held: Iterable[int]) -> tuple[int, ...]:
    return tuple(_WORD * place + bit for place, word in enumerate(held) for bit in range(_WORD) if word >> bit & 1)


def _whole(text: str) -> list[int]:
    return list(map(int, text.split()))


def bits(masks: Iterable[int]) -> NDArray[np.uint64]:
    """Leaves as words of 64 bits."""
    return np.array(list(masks), dtype=np.uint64)
