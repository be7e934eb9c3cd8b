"""What the priorities of a block's candidates are made of, kept for whoever draws them from a posterior."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisioning.arbitration import Stakes, gains, weighted
from decisioning.arbitration_rule import Rule, Weights, columns_of
from decisioning.ports import Scores

Floats = NDArray[np.float64]
Places = NDArray[np.intp]
NAMES = ("propensity", "uplift", "spread", "value", "cost", "context_weight", "lever")
"""The factors in columns, in order."""


@dataclass(frozen=True, slots=True)
class Factors:
    """The factors of n customers' candidates.

    Parameters: `columns` (n, m), by each of `NAMES`; `spread` among them is the SD with which propensities are drawn,
    NaN where they are not; `given`, whether the bundle gives priorities itself; `said`, columns (n,) by name, what a
    formula of priorities reads.
    """

    columns: Mapping[str, Floats]
    given: bool
    said: Mapping[str, Floats]

    @property
    def spread(self) -> Floats:
        """The SD with which propensities are drawn (n, m)."""
        return self.columns["spread"]

    @property
    def scores(self) -> Scores:
        """The propensities and uplifts."""
        return Scores(self.columns["propensity"], self.columns["uplift"])

    @property
    def stakes(self) -> Stakes:
        """What else priorities are made of."""
        return Stakes(
            self.columns["value"], self.columns["cost"], self.columns["context_weight"] * self.columns["lever"]
        )

    def take(self, rows: Places) -> "Factors":
        """Those of some customers."""
        return self._each(lambda known: known[rows], lambda known: known[rows])

    def of(self, candidates: Places) -> "Factors":
        """Of each customer those of some candidates (n, k)."""
        return self._each(lambda known: np.take_along_axis(known, candidates, axis=1), lambda known: known)

    def among(self, rows: Places, n: int) -> "Factors":
        """The same at these places among n customers; nothing is known of the others."""
        return self._each(lambda known: _among(known, rows, n), lambda known: _among(known, rows, n))

    @classmethod
    def joined(cls, parts: Sequence["Factors"]) -> "Factors":
        """Those of some customers, and of others after them."""
        columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in NAMES}
        said = {name: np.concatenate([part.said[name] for part in parts]) for name in parts[0].said}
        return cls(columns, parts[0].given, said)

    def _each(self, of_columns: Callable[[Floats], Floats], of_said: Callable[[Floats], Floats]) -> "Factors":
        columns = {name: of_columns(known) for name, known in self.columns.items()}
        return Factors(columns, self.given, {name: of_said(known) for name, known in self.said.items()})


def _among(known: Floats, rows: Places, n: int) -> Floats:
    found = np.full((n, *known.shape[1:]), np.nan)
    found[rows] = known
    return found


@dataclass(frozen=True, slots=True)
class Drawable:
    """Candidates whose priorities are drawn from a posterior: as `posterior_sampling.sampled_priorities`, in columns.

    Parameters: `factors`; `priority` (n, m), before prices; `charges` (n, m), of pools; `rule` of priorities, and the
    `modes` (n, m) that it has for each.
    """

    factors: Factors
    priority: Floats
    charges: Floats
    rule: Rule
    modes: NDArray[np.str_]

    def take(self, rows: Places) -> "Drawable":
        """Those of some customers."""
        priority, charges = self.priority[rows], self.charges[rows]
        return Drawable(self.factors.take(rows), priority, charges, self.rule, self.modes[rows])

    def of(self, candidates: Places) -> "Drawable":
        """Of each customer some candidates (n, k)."""
        priority, charges = (np.take_along_axis(each, candidates, axis=1) for each in (self.priority, self.charges))
        modes = np.take_along_axis(self.modes, candidates, axis=1)
        return Drawable(self.factors.of(candidates), priority, charges, self.rule, modes)

    @property
    def is_monotone(self) -> bool:
        """Whether a priority never falls as what is drawn rises: no formula has a say, and no value is below 0."""
        return self.factors.given or "custom" not in {self.rule.mode, *self.rule.by_issue.values()}

    def drawn(self, z: Floats) -> Floats:
        """The priorities (n, m, k) as drawn by standard normals z (n, m, k)."""
        factors, stakes, charges = self.factors, self.factors.stakes, _deep(self.charges)
        if factors.given:
            return z * _deep(factors.spread * stakes.value) + _deep(self.priority - self.charges)
        if not self.rule.is_simple:
            return self._ruled(z) - charges
        reach = factors.spread * stakes.value * (0.0 if self.rule.mode == "value" else 1.0)
        gain = z * _deep(reach) + _deep(gains(factors.scores, stakes, self.rule.mode))
        favoured = weighted(gain, _deep(stakes.weight)) - charges
        return favoured - _deep(stakes.cost) if self.rule.mode == "incremental_value" else favoured

    def _ruled(self, z: Floats) -> Floats:
        """By issue or a formula: of drawn propensities and uplifts."""
        factors, reach = self.factors, z * _deep(self.factors.spread)
        deep = {name: _deep(each) for name, each in factors.columns.items()}
        scores = Scores(deep["propensity"] + reach, deep["uplift"] + reach)
        stakes = Stakes(deep["value"], deep["cost"], deep["context_weight"] * deep["lever"])
        said = {name: _deep(_deep(each)) for name, each in factors.said.items()}
        columns = columns_of(scores, stakes, Weights(deep["context_weight"], deep["lever"]), said=said)
        found = np.full(z.shape, np.nan)
        for mode in sorted({self.rule.mode, *self.rule.by_issue.values()}):
            where = np.broadcast_to(_deep(self.modes == mode), z.shape)
            if where.any():
                np.copyto(found, self.rule.in_mode(mode, scores, stakes, columns=columns), where=where)
        return found


def _deep(each: Floats | float | NDArray[np.bool_]) -> Floats:
    """With one more axis, along which a candidate's draws lie."""
    found: Floats = np.asarray(each)[..., np.newaxis]
    return found
