"""Arbitration by issue or by a formula of one's own: priorities where not one rule made of two products orders all."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from decisioning.arbitration import Floats, Mode, Stakes, gains, priorities
from decisioning.condition_array import Column, amounts_of
from decisioning.customer import FeatureValue
from decisioning.formula import compile_formula
from decisioning.ports import Scores

if TYPE_CHECKING:
    from decisioning.catalog import Catalog

FACTORS = ("propensity", "uplift", "value", "cost", "context_weight", "lever")
"""What a formula of priorities may read besides what conditions may."""


class Weights(NamedTuple):
    """The factors of a priority apart: context weights and levers, (n,) or one for all."""

    context_weight: Floats | float
    lever: Floats | float


class Rule(NamedTuple):
    """How priorities are made. A tuple, as every decision has one.

    Parameters: `mode` of whatever issue `by_issue` does not name; `formula`, of the mode `custom`.
    """

    mode: Mode
    formula: str = ""
    by_issue: Mapping[str, Mode] = {}

    @classmethod
    def of(cls, catalog: "Catalog") -> "Rule":
        """That of a catalogue."""
        return cls(catalog.arbitration, catalog.priority_formula, catalog.arbitration_by_issue)

    @property
    def is_simple(self) -> bool:
        """Whether one built-in mode is that of all."""
        return not self.by_issue and self.mode != "custom"

    def priorities(
        self, issues: tuple[str, ...], scores: Scores, stakes: Stakes, *, columns: Mapping[str, Column]
    ) -> Floats:
        """The priorities of candidates of these issues, the first axis of all arrays; NaN where not known.

        Parameters: `columns`, what a formula may read: see `columns_of`.
        """
        modes = [self.by_issue.get(issue, self.mode) for issue in issues]
        found = np.full(scores.propensity.shape, np.nan)
        for mode in sorted(set(modes)):
            rows = np.array([each == mode for each in modes])
            found[rows] = self.in_mode(mode, scores, stakes, columns=columns)[rows]
        return found

    def in_mode(self, mode: Mode, scores: Scores, stakes: Stakes, *, columns: Mapping[str, Column]) -> Floats:
        """As `priorities`, where all have one mode."""
        shape = scores.propensity.shape
        if mode == "custom":
            with np.errstate(all="ignore"):
                own = np.broadcast_to(amounts_of(compile_formula(self.formula).tree, columns), shape)
            return np.where(np.isfinite(own), own, np.nan)
        return np.broadcast_to(priorities(gains(scores, stakes, mode), stakes, mode), shape)


def columns_of(
    scores: Scores, stakes: Stakes, weights: Weights, *, said: Mapping[str, FeatureValue] | Mapping[str, Column]
) -> dict[str, Column]:
    """What a formula of priorities may read: the factors over `said`, what conditions may.

    Without randomised evidence the propensity stands in the uplift's place.
    """
    uplift = np.where(np.isnan(scores.uplift), scores.propensity, scores.uplift)
    factors = (scores.propensity, uplift, stakes.value, stakes.cost, *weights)
    numbers = {name: np.asarray(each) for name, each in said.items() if isinstance(each, float | np.ndarray)}
    return {**numbers, **{name: np.asarray(each) for name, each in zip(FACTORS, factors, strict=True)}}
