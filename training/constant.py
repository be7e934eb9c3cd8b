"""The constant bundle: every customer gets the same order, by each action's average incremental value in the log.

It serves where no model is shown to be better, with exploration, so that a better one can be learned. What customers
will do is foreseen beside it by models that are judged by themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from decisioning.action import NO_ACTION
from decisioning.customer import FeatureValue
from decisioning.ports import Candidate, Scores
from training.dataset import DecisionLogFrame
from training.encoding import Floats
from training.foreseen_model import ForeseenModel, foreseen_of_many, foreseen_of_one


@dataclass(frozen=True, slots=True)
class ConstantEntry:
    """What the log says of one action.

    Parameters: `value`, its average money per decision less that of doing nothing, after costs; `standard_error`;
    `propensity`, the share of shown decisions that were accepted; `n_chosen`.
    """

    action: str
    value: float
    standard_error: float
    propensity: float
    n_chosen: int


@dataclass(frozen=True, slots=True)
class ConstantBundle:
    """A bundle that ranks by itself; a `decisioning.ports.Scorer`.

    Parameters: `version`, the hash of the content; `entries` by action. An action that the log did not know is ranked
    below doing nothing: exploration may still choose it. `foreseen`, the models of what customers will do whatever is
    decided, by name.
    """

    version: str
    catalog_version: str
    entries: Mapping[str, ConstantEntry]
    foreseen: Mapping[str, ForeseenModel] = field(default_factory=dict)
    kind: Literal["constant"] = "constant"

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:  # noqa: ARG002 - the port's signature
        """The same for every customer."""
        known = [self.entries.get(each.action.name) for each in candidates]
        stated = [each.action.starting_propensity for each in candidates]
        propensity = [entry.propensity if entry else p for entry, p in zip(known, stated, strict=True)]
        value = [
            entry.value if entry else -max(each.treatment.cost, UNKNOWN)
            for entry, each in zip(known, candidates, strict=True)
        ]
        return Scores(
            np.array(propensity), np.full(len(known), np.nan), np.array(value, dtype=np.float64), randomised=False
        )

    def foresee(self, features: Mapping[str, FeatureValue]) -> Mapping[str, float]:
        """Everything that is foreseen of one customer, by name, as by a `PolicyBundle`."""
        return foreseen_of_one(self.foreseen, features)

    def foresee_many(self, features: Mapping[str, Iterable[Any]], *, n_rows: int) -> Mapping[str, Floats]:
        """As `foresee`, of n customers, from columns by name; arrays (n,)."""
        return foreseen_of_many(self.foreseen, features, n_rows=n_rows)

    def score_matrix(self, customers: Floats, candidates: Sequence[Candidate]) -> Scores:
        """The same for n customers; arrays of shape (n, n_candidates)."""
        one = self.score({}, candidates)
        shape = (len(customers), len(candidates))
        priority = np.zeros(0) if one.priority is None else one.priority
        propensity, uplift, own = (np.broadcast_to(p, shape).copy() for p in (one.propensity, one.uplift, priority))
        return Scores(propensity, uplift, own)

    def encode(self, features: Mapping[str, Iterable[Any]], *, n_rows: int) -> Floats:  # noqa: ARG002 - as `PolicyBundle`
        """No feature matters to the order: a matrix without columns."""
        return np.zeros((n_rows, 0))

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:  # noqa: ARG002 - the port's signature
        """Nothing about the customer moved it."""
        return ()


UNKNOWN = 1e-6
"""How far below doing nothing an unknown action without costs is ranked."""


def constant_entries(frame: DecisionLogFrame) -> dict[str, ConstantEntry]:
    """Each action's average incremental capped reward: weighted by 1/π₀ (Hájek), among decisions it was eligible for.

    The comparison is with `no_action` at the same decisions; an action never chosen, or never beside `no_action`, has
    no entry.
    """
    nothing = frame.actions.index(NO_ACTION)
    found = [_entry(frame, column, nothing) for column in range(len(frame.actions)) if column != nothing]
    return {entry.action: entry for entry in found if entry is not None}


def _entry(frame: DecisionLogFrame, column: int, nothing: int) -> ConstantEntry | None:
    both = (frame.eligible_probability[:, [column, nothing]] > 0).all(axis=1)
    mine, quiet = (both & (frame.chosen == place) for place in (column, nothing))
    if not mine.any() or not quiet.any():
        return None
    first, second = (_mean(frame, rows, place) for rows, place in ((mine, column), (quiet, nothing)))
    shown = mine & frame.shown
    return ConstantEntry(
        action=frame.actions[column],
        value=first[0] - second[0],
        standard_error=float(np.hypot(first[1], second[1])),
        propensity=float(frame.accepted[shown].mean()) if shown.any() else 0.0,
        n_chosen=int(mine.sum()),
    )


def _mean(frame: DecisionLogFrame, rows: Any, column: int) -> tuple[float, float]:
    weight = 1.0 / frame.eligible_probability[rows, column]
    reward = frame.capped_reward[rows]
    mean = float(weight @ reward / weight.sum())
    return mean, float(np.sqrt((np.square(weight * (reward - mean))).sum()) / weight.sum())
