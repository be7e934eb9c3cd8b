"""The constant bundle: every customer gets the same order, by each action's average incremental value in the log.

It serves where no model is shown to be better, with exploration, so that a better one can be learned. What customers
will do is foreseen beside it by models that are judged by themselves.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION
from decisioning.customer import FeatureValue
from decisioning.ports import Candidate, Scores
from training.dataset import DecisionLogFrame
from training.encoding import Floats
from training.foreseen_model import ForeseenModel, foreseen_of_many, foreseen_of_one


@dataclass(frozen=True, slots=True)
class ConstantEntry:
    """What the log says of one action.

    Parameters: `value`, its average money per decision less that of doing nothing, after costs; its `standard_error`;
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

    @property
    def is_bounded(self) -> bool:
        """Whether `foresee` does so many steps and no more; `score` does."""
        return all(model.is_bounded for model in self.foreseen.values())

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


FEWEST_DRAWN_IN = 2
"""Actions whose spread says anything of how they differ."""
HELD_ALIKE = 30.0
"""So many decisions, at the least, speak for an action being worth what the others are."""
LEAST_BETWEEN = 0.01
"""Of the usual squared error: the least variance that is taken to lie between actions."""
UNKNOWN = 1e-6
"""How far below doing nothing an unknown action without costs is ranked."""


def constant_entries(frame: DecisionLogFrame) -> dict[str, ConstantEntry]:
    """Each action's average incremental capped reward: weighted by 1/π₀ (Hájek), among decisions it was eligible for.

    The comparison is with `no_action` at the same decisions; an action never chosen, or never beside `no_action`, has
    no entry. Values are drawn toward their average as far as chance may have told them apart: what was lucky once is
    not shown to everybody.
    """
    nothing = frame.actions.index(NO_ACTION)
    tried = [_tried(frame, column, nothing) for column in range(len(frame.actions)) if column != nothing]
    known = [each for each in tried if each is not None]
    spread = _spread([each.mine for each in known])
    entries = [_entry(frame, each, spread) for each in known]
    return {entry.action: entry for entry in _drawn_in(entries, most=spread / HELD_ALIKE)}


class _Mean(NamedTuple):
    """A weighted mean, its standard error, of how many decisions (Kish) it is, and their variance."""

    value: float
    error: float
    n: float
    variance: float


class _Tried(NamedTuple):
    """An action where it and doing nothing might be chosen.

    Parameters: `rows` (n,), where it was; what it earned, and what doing nothing did.
    """

    column: int
    rows: NDArray[np.bool_]
    mine: _Mean
    quiet: _Mean


def _tried(frame: DecisionLogFrame, column: int, nothing: int) -> _Tried | None:
    both = (frame.eligible_probability[:, [column, nothing]] > 0).all(axis=1)
    mine, quiet = (both & (frame.chosen == place) for place in (column, nothing))
    if not mine.any() or not quiet.any():
        return None
    return _Tried(column, mine, _mean(frame, mine, column), _mean(frame, quiet, nothing))


def _mean(frame: DecisionLogFrame, rows: NDArray[np.bool_], column: int) -> _Mean:
    weight = 1.0 / frame.eligible_probability[rows, column]
    reward, total = frame.capped_reward[rows], float(weight.sum())
    mean = float(weight @ reward / total)
    off = np.square(reward - mean)
    error = float(np.sqrt(np.square(weight) @ off)) / total
    return _Mean(mean, error, total**2 / float(weight @ weight), float(weight @ off) / total)


def _spread(means: Sequence[_Mean]) -> float:
    """The variance of a decision's reward, over all actions: a single decision has none of its own."""
    n = sum(each.n for each in means)
    return sum(each.n * each.variance for each in means) / n if n else 0.0


def _entry(frame: DecisionLogFrame, tried: _Tried, spread: float) -> ConstantEntry:
    shown = tried.rows & frame.shown
    mine, quiet = (max(each.error, float(np.sqrt(spread / each.n))) for each in (tried.mine, tried.quiet))
    return ConstantEntry(
        action=frame.actions[tried.column],
        value=tried.mine.value - tried.quiet.value,
        standard_error=float(np.hypot(mine, quiet)),
        propensity=float(frame.accepted[shown].mean()) if shown.any() else 0.0,
        n_chosen=int(tried.rows.sum()),
    )


def _drawn_in(entries: Sequence[ConstantEntry], *, most: float) -> list[ConstantEntry]:
    """Values drawn toward their average by how much of their spread chance explains.

    DerSimonian and Laird: Meta-analysis in clinical trials, 1986. Parameters: `most` variance that is taken to lie
    between actions, as a rare reward is no sign of it; the least is such that of values that chance alone may have told
    apart the better founded still comes first.
    """
    value: Floats = np.array([each.value for each in entries])
    variance: Floats = np.array([each.standard_error**2 for each in entries])
    if len(entries) < FEWEST_DRAWN_IN or not variance.all():
        return list(entries)
    weight = 1.0 / variance
    total, mean = float(weight.sum()), float(weight @ value / weight.sum())
    excess = float(weight @ np.square(value - mean)) - (len(entries) - 1)
    found = excess / (total - float(weight @ weight) / total)
    between = min(max(found, LEAST_BETWEEN * float(np.median(variance))), most)
    drawn = mean + between / (between + variance) * (value - mean)
    return [replace(entry, value=float(own)) for entry, own in zip(entries, drawn, strict=True)]
