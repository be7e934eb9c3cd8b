"""Pairs of records that share a blocking key: the only ones that are compared."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.matching.key import MAX_SHARING, keys_of
from features.matching.people import People

Places = NDArray[np.int64]


def candidate_pairs(people: People, max_sharing: int = MAX_SHARING) -> tuple[Places, Places]:
    """Places of the first and of the second record, (n_pairs,) each, the first smaller, every pair once."""
    keys = [keys_of(people.record(place), people.fields) for place in range(len(people))]
    return pairs_sharing(keys, max_sharing)


def pairs_sharing(keys: Sequence[Iterable[str]], max_sharing: int) -> tuple[Places, Places]:
    """Pairs of places that share a key which at most `max_sharing` places have.

    >>> [pair.tolist() for pair in pairs_sharing([{"a"}, {"a", "b"}, {"b"}, {"c"}], 2)]
    [[0, 1], [1, 2]]
    """
    groups = _groups(keys, max_sharing)
    n = len(keys)
    found = np.unique(np.concatenate([_pairs_within(group, n) for group in groups] or [np.zeros(0, np.int64)]))
    return found // n if n else found, found % n if n else found


def _groups(keys: Sequence[Iterable[str]], max_sharing: int) -> list[Places]:
    """Places that share a key, (n_keys, size) for each size of a group."""
    held = [list(of_one) for of_one in keys]
    place = np.repeat(np.arange(len(held), dtype=np.int64), [len(of_one) for of_one in held])
    code = pd.factorize(np.array([key for of_one in held for key in of_one], dtype=object))[0]
    shared = np.bincount(code)[code] if len(code) else code
    useful = (shared > 1) & (shared <= max_sharing)
    order = np.lexsort((place[useful], code[useful]))
    place, shared = place[useful][order], shared[useful][order]
    return [place[shared == size].reshape(-1, size) for size in np.unique(shared)] if len(place) else []


def _pairs_within(group: Places, n: int) -> Places:
    """Every pair of each row, (n_keys, size) → (n_distinct,), as first · n + second; places ascend in a row."""
    first, second = np.triu_indices(group.shape[1], 1)
    return np.unique(group[:, first] * n + group[:, second])
