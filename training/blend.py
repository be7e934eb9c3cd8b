"""The simple model and the trees as one: their log-odds, averaged with a weight that later data chose.

Weight 0 is the logistic regression alone (no trees are shipped), 1 the trees alone. Averaging two unlike models before
the argmax is what keeps a policy from chasing the luckiest estimate (`benchmarks/uplift_learners.py` compares).
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from training.encoding import Floats, Matrix
from training.leaf_sets import FixedTrees, LeafSets
from training.leaf_sets_many import ManyTrees
from training.linear import Linear
from training.trees import Trees


@dataclass(frozen=True)
class Blend:
    """A linear model and trees over the same matrix.

    Parameters: `weight` of the trees; `level` (n_actions + 1,), what each action starts from where the trees were
    fitted on an offset, by the code in the linear model's `action_column`, the last for an unknown action (empty: no
    start).
    """

    linear: Linear
    trees: Trees | None
    weight: float
    level: Floats = field(default_factory=lambda: np.zeros(0))

    def margin(self, matrix: Matrix) -> Floats:
        """Log-odds (n,) of C-contiguous rows (n, n_columns)."""
        if self.trees is None or self.weight == 0.0:
            return self.linear.margin(matrix)
        grown = self.trees.margin(matrix) + levels(self.level, matrix[:, self.linear.action_column])
        return grown if self.weight == 1.0 else (1.0 - self.weight) * self.linear.margin(matrix) + self.weight * grown

    def fixed(self, actions: Floats) -> "FixedBlend":
        """The blend for candidates that do not change: rows (m, n_columns), the customer part not looked at."""
        share = 1.0 if self.trees is None else 1.0 - self.weight
        coefficients, constant = self.linear.coefficients(actions)
        level = self.weight * levels(self.level, actions[:, self.linear.action_column]) if self.trees else 0.0
        return FixedBlend(self, actions, share * coefficients, share * constant + level)

    @cached_property
    def leaf_sets(self) -> LeafSets | None:
        """The trees for one customer and many candidates; None where there are none, or LightGBM has to score.

        Of a model without actions every column is the customer's.
        """
        if self.trees is None:
            return None
        return self.trees.leaf_sets(self.linear.action_column if len(self.linear.own) else self.trees.n_columns)

    @property
    def is_bounded(self) -> bool:
        """Whether scoring does so many steps and no more, whatever a file says: LightGBM follows a circle for ever."""
        return self.trees is None or self.weight == 0.0 or self.leaf_sets is not None

    def contributions(self, matrix: Matrix) -> Floats:
        """Each column's share of the log-odds, shape (n, n_columns + 1); they sum to `margin`."""
        linear = self.linear.contributions(matrix)
        if self.trees is None or self.weight == 0.0:
            return linear
        grown = self.trees.contributions(matrix)
        grown[:, -1] += levels(self.level, matrix[:, self.linear.action_column])
        return (1.0 - self.weight) * linear + self.weight * grown


@dataclass(frozen=True)
class FixedBlend:
    """A blend whose candidates are fixed: one customer costs one expansion, one product and one walk of the trees.

    Parameters: `actions` (m, n_columns), the candidates; `coefficients` (m, width) and `constant` (m,), the linear part
    and the levels, weighted.
    """

    blend: Blend
    actions: Floats
    coefficients: Floats
    constant: Floats

    def margin(self, customer: Floats) -> Floats:
        """Log-odds (m,) of the fixed candidates for one encoded customer (n_features,)."""
        linear: Floats = self.coefficients @ self.blend.linear.customer.one(customer) + self.constant
        trees = self.blend.trees
        if trees is None or self.blend.weight == 0.0:
            return linear
        walk = self._walk
        grown = walk.margin(customer) if walk else trees.margin(pairs(customer[np.newaxis], self.actions))
        added: Floats = linear + self.blend.weight * grown
        return added

    @cached_property
    def _walk(self) -> FixedTrees | None:
        sets = self.blend.leaf_sets
        return sets.fixed(self.actions) if sets else None

    @cached_property
    def _walk_of_many(self) -> ManyTrees | None:
        return ManyTrees.of(self._walk) if self._walk else None

    def margins(self, customers: Floats) -> Floats:
        """Log-odds (n, m) of the fixed candidates for many encoded customers (n, n_features)."""
        linear = self.blend.linear.customer.apply(customers) @ self.coefficients.T + self.constant
        if self.blend.trees is None or self.blend.weight == 0.0:
            return np.asarray(linear)
        return np.asarray(linear + self.blend.weight * self._grown(self.blend.trees, customers))

    def _grown(self, trees: Trees, customers: Floats) -> Floats:
        if self._walk_of_many is None:
            return trees.margin(pairs(customers, self.actions)).reshape(len(customers), len(self.actions))
        return self._walk_of_many.margins(customers)


def pairs(customers: Floats, candidates: Matrix) -> Floats:
    """Each customer's candidates in turn (n · m, n_columns), of customers (n, n_features) and rows (m, n_columns)."""
    matrix: Floats = np.tile(candidates, (len(customers), 1)).astype(np.float64, copy=False)
    matrix[:, : customers.shape[1]] = np.repeat(customers, len(candidates), axis=0)
    return matrix


def levels(level: Floats, codes: Matrix) -> Floats:
    """The level (n,) of each action code (n,); what is not a known code has the last.

    >>> levels(np.array([0.1, 0.2, 0.9]), np.array([1.0, 7.0, np.nan]))
    array([0.2, 0.9, 0.9])
    """
    if not level.size:
        return np.zeros(len(codes))
    last = len(level) - 1
    known = (codes >= 0) & (codes < last)
    return np.asarray(level[np.where(known, np.nan_to_num(codes), last).astype(np.int64)])
