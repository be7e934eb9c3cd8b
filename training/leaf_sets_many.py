"""Leaf sets for many customers: what candidates have in common of a tree is looked up once for all of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.encoding import Floats
from training.leaf_sets import FixedTrees, Words, leaves, summed

AT_ONCE = 16
"""Customers walked together: what is open of the trees for as many stays in the processor's own memory."""


@dataclass(frozen=True, slots=True)
class ManyTrees:
    """The trees for m fixed candidates and any number of customers.

    Parameters: `trees`; of the k sets of leaves that candidates leave over, each once for each tree, `reach` (k,), its
    `tree` (k,) and `before` (k,), as of `LeafSets`; `nth` (n_trees, m), which of them each candidate has.
    """

    trees: FixedTrees
    reach: Words
    tree: NDArray[np.intp]
    before: NDArray[np.int64]
    nth: NDArray[np.intp]

    @classmethod
    def of(cls, trees: FixedTrees) -> "ManyTrees":
        """What candidates share, found."""
        sets = [np.unique(row, return_inverse=True) for row in trees.reach]
        sizes = [len(some) for some, _ in sets]
        tree = np.repeat(np.arange(len(sets)), sizes)
        begins = np.cumsum([0, *sizes[:-1]])
        nth = np.stack([begin + which for begin, (_, which) in zip(begins.tolist(), sets, strict=True)])
        return cls(trees, np.concatenate([some for some, _ in sets]), tree, trees.before[tree, 0], nth)

    def margins(self, rows: Floats) -> Floats:
        """Log-odds (n, m) of the candidates for customers' columns (n, n_customer)."""
        return np.concatenate([self._of_few(rows[at : at + AT_ONCE]) for at in range(0, max(len(rows), 1), AT_ONCE)])

    def _of_few(self, rows: Floats) -> Floats:
        left = self.trees.customer.left_over(rows).take(self.tree, axis=1) & self.reach
        values = self.trees.values.take(leaves(left, self.before))
        return summed(values.take(self.nth, axis=1))
