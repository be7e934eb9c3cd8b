"""The simple model that always stands beside the trees: logistic regression, pooled, with each action's own deviation.

One regression over all rows (features, and what kind of action it is), of which those of an action that was shown much
more often than others count less, then for each action a ridge regression of what is left, without steps, shrunk toward
the pooled one. An action that was not seen is scored by the pooled part alone.
Everything it needs is a few arrays of numbers, so it travels as JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisioning.errors import ArtifactError
from training.encoding import FeatureColumn, Floats, Matrix
from training.expansion import TERCILES, Expansion
from training.logistic import log_odds, sigmoid
from training.ridge import Penalties, Problem, fit_own, fit_pooled, fit_signed

BLOCK = 2_048
"""Rows expanded at once."""
WORK = 800_000_000
"""Rows × columns² that a regression may cost: of narrow rows it may have many."""
ONE_AT_A_TIME = Lock()
"""Held while rows are expanded and regressed on: of threads that learn side by side, one holds so wide a matrix."""


@dataclass(frozen=True, slots=True)
class Linear:
    """A fitted logistic regression over the whole matrix.

    Parameters: `customer` and `action` expand the two parts of a row; `pooled` (n_customer + n_action,) their common
    coefficients; `own` (n_actions, n_customer) each action's deviation, by the code in column `action_column`.
    """

    customer: Expansion
    action: Expansion
    pooled: Floats
    own: Floats
    action_column: int

    def margin(self, matrix: Matrix) -> Floats:
        """Log-odds (n,) of rows (n, n_columns); an unknown action has the pooled part only.

        Rows are expanded a block at a time: expanded, they are several times as wide.
        """
        blocks = [matrix[start : start + BLOCK] for start in range(0, len(matrix), BLOCK)]
        return np.concatenate([self._margin(block) for block in blocks]) if blocks else np.zeros(0)

    def _margin(self, matrix: Matrix) -> Floats:
        customers, actions = self.customer.apply(matrix), self.action.apply(matrix)[:, 1:]
        width, pooled, own = customers.shape[1], *(part.astype(matrix.dtype) for part in (self.pooled, self.own))
        out = customers @ pooled[:width] + actions @ pooled[width:]
        codes = self._codes(matrix)
        for code in np.unique(codes[codes >= 0]):
            rows = np.flatnonzero(codes == code)
            out[rows] += customers[rows] @ own[code]
        return np.asarray(out, dtype=np.float64)

    def coefficients(self, actions: Floats) -> tuple[Floats, Floats]:
        """What remains to be multiplied with an expanded customer, once the actions are fixed.

        Parameters: `actions` (m, n_columns), rows whose customer part is not looked at. Returns (m, width) and (m,).
        """
        width = self.customer.width
        constant = self.action.apply(actions)[:, 1:] @ self.pooled[width:]
        return self.pooled[:width] + np.broadcast_to(self._own_rows(actions), (len(actions), width)), constant

    def contributions(self, matrix: Matrix) -> Floats:
        """Each column's share of the log-odds, shape (n, n_columns + 1); the last is the intercept."""
        customers, actions = self.customer.apply(matrix), self.action.apply(matrix)[:, 1:]
        width = customers.shape[1]
        parts = np.hstack([customers * (self.pooled[:width] + self._own_rows(matrix)), actions * self.pooled[width:]])
        sources = np.concatenate([self.customer.sources, self.action.sources[1:]])
        out = np.zeros((matrix.shape[1] + 1, len(matrix)))
        np.add.at(out, sources, parts.T)
        return out.T

    def _own_rows(self, matrix: Matrix) -> Floats:
        codes = self._codes(matrix)
        if not len(self.own):
            return np.zeros((1, self.own.shape[1]))
        return np.where((codes >= 0)[:, None], self.own[codes], 0.0)

    def _codes(self, matrix: Matrix) -> NDArray[np.int64]:
        """The action of each row (n,), −1 where it has no deviation."""
        if not len(self.own):
            return np.full(len(matrix), -1)
        codes = np.nan_to_num(matrix[:, self.action_column], nan=-1.0).astype(np.int64)
        return np.where((codes >= 0) & (codes < len(self.own)), codes, -1)

    def to_json(self) -> dict[str, Any]:
        """The numbers, as lists."""
        return {
            "customer": self.customer.to_json(),
            "action": self.action.to_json(),
            "pooled": self.pooled.tolist(),
            "own": self.own.tolist(),
            "action_column": self.action_column,
        }

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Linear":
        """The model again; raises `ArtifactError` where an array is missing or shapes disagree."""
        try:
            customer, action = (Expansion.from_json(given[name]) for name in ("customer", "action"))
            pooled, own = (np.array(given[name], dtype=np.float64) for name in ("pooled", "own"))
            model = cls(customer, action, pooled, own.reshape(-1, customer.width), int(given["action_column"]))
        except (KeyError, TypeError, ValueError) as problem:
            raise ArtifactError(f"bundle.json: a linear model needs its arrays of numbers: {problem!r}") from problem
        expected = customer.width + action.width - 1
        if len(pooled) != expected:
            raise ArtifactError(f"bundle.json: a linear model has {len(pooled)} coefficients, expected {expected}")
        return model


@dataclass(frozen=True, slots=True)
class LinearShape:
    """What a linear model is fitted over.

    Parameters: `columns` of the matrix; `action_column`, where the action's code stands; `n_actions` (0: a model
    without actions); `ignore`, columns it must not see; `quantiles`, where numbers are cut into steps; `bent`, whether
    numbers may have another slope above their median; `plain`, whether numbers without tails stay as they are; `signs`,
    by column, +1 where the score may only rise with it and −1 where it may only fall; `looked_at`, rows, evenly spread,
    that say how columns are expanded (None: all).
    """

    columns: Sequence[FeatureColumn]
    action_column: int
    n_actions: int
    ignore: Sequence[int] = ()
    quantiles: Sequence[float] = TERCILES
    bent: bool = False
    plain: bool = False
    signs: Mapping[int, int] = field(default_factory=dict)
    looked_at: int | None = None

    def expansions(self, matrix: Matrix) -> tuple[Expansion, Expansion]:
        """How rows (n, n_columns) are expanded: their customer's part, and their action's."""
        most = self.looked_at or len(matrix)
        some = matrix if len(matrix) <= most else matrix[np.linspace(0, len(matrix) - 1, most).astype(np.int64)]
        customer, action = (
            Expansion.fit(some, self.columns, only=part, quantiles=self.quantiles, bent=self.bent, plain=self.plain)
            for part in self.parts()
        )
        return customer, action

    def parts(self) -> tuple[list[int], list[int]]:
        """The columns of the customer and those of the action."""
        kept = [position for position in range(len(self.columns)) if position not in self.ignore]
        first = self.action_column if self.n_actions else len(self.columns)
        return [i for i in kept if i < first], [i for i in kept if i >= first]


def fit_linear(
    matrix: Matrix, label: Floats, *, shape: LinearShape, penalties: Penalties, offset: Floats | None = None
) -> Linear:
    """Fit the pooled regression, then each action's deviation from it.

    Parameters: `matrix` (n, n_columns), `label` (n,), `offset` (n,) log-odds to start from.
    """
    usual = 0.0 if offset is not None else float(log_odds(label.mean() if label.size else 0.5))
    start = np.full(len(label), usual) if offset is None else offset
    with ONE_AT_A_TIME:
        fitted = _fit_both(matrix, label, start, shape, penalties)
    fitted.pooled[0] += usual
    return fitted


def _fit_both(matrix: Matrix, label: Floats, start: Floats, shape: LinearShape, penalties: Penalties) -> Linear:
    customer, action = shape.expansions(matrix)
    design = _design(matrix, customer, action)
    signs = np.concatenate([customer.signs(shape.signs), action.signs(shape.signs)[1:]])
    weight = _say(matrix[:, shape.action_column], start, penalties.own) if shape.n_actions else 1.0
    pooled = fit_signed(Problem(design, label, start, weight), partial(fit_pooled, penalties), signs=signs)
    smooth = customer.smooth
    alike, mine = pooled[smooth], signs[smooth]
    rest = Problem(design, label, start + design @ pooled.astype(design.dtype))
    own = np.zeros((shape.n_actions, customer.width))
    for code in range(shape.n_actions):
        rows = np.flatnonzero(matrix[:, shape.action_column] == code)
        few = rest.take(rows).columns(smooth)
        own[code, smooth] = fit_signed(few, partial(fit_own, penalties), signs=mine, on=alike)
    return Linear(customer, action, pooled, own, shape.action_column)


def _design(matrix: Matrix, customer: Expansion, action: Expansion) -> NDArray[np.float32]:
    """Both parts expanded, the action's without its intercept, a block of rows at a time."""
    out = np.empty((len(matrix), customer.width + action.width - 1), dtype=np.float32)
    for start in range(0, len(matrix), BLOCK):
        block, rows = matrix[start : start + BLOCK], out[start : start + BLOCK]
        customer.apply(block, rows[:, : customer.width])
        rows[:, customer.width :] = action.apply(block)[:, 1:]
    return out


def _say(codes: Matrix, start: Floats, own: float) -> Floats:
    """How much each row (n,) has to say of what is common to all actions.

    However often an action was shown, it is one action, which deviates from the common part as any other: its rows
    together say no more than `own`. DerSimonian and Laird: Meta-analysis in clinical trials, 1986, the weight
    1 / (between + within) of a group of rows, for each of them.
    """
    chance = sigmoid(start)
    told, found = chance * (1.0 - chance), np.ones(len(codes))
    for code in np.unique(codes[~np.isnan(codes)]):
        rows = codes == code
        found[rows] = own / (own + told[rows].sum())
    return found
