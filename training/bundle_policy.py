"""What a bundle says of logged decisions: scores and priorities, as the service would compute them.

The arbitration is the domain's own, a candidate at a time. Context weights are left at 1: a log frame does not carry
the context of its decisions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION
from decisioning.arbitration import Stakes, gains, priorities
from decisioning.arbitration_rule import Rule, Weights, columns_of
from decisioning.catalog import Catalog
from decisioning.condition_tree import FORESEEN
from decisioning.foresight import foresees
from decisioning.ports import Candidate, Scores
from training.bundle import PolicyBundle
from training.dataset import DecisionLogFrame
from training.encoding import Floats
from training.own_amount import logged_columns, own_amounts
from training.taken import taken

NEVER = -1e12
"""The priority of what cannot be shown any more: finite, and below everything."""


class ManyScorer(Protocol):
    """A bundle that scores many customers at once."""

    def encode(self, features: Mapping[str, NDArray[Any]], *, n_rows: int) -> Floats:
        """Columns by name as the matrix that `score_matrix` takes."""
        ...

    def score_matrix(self, customers: Floats, candidates: Sequence[Candidate]) -> Scores:
        """Scores of shape (n_customers, n_candidates)."""
        ...


@dataclass(frozen=True, slots=True)
class LogScores:
    """A bundle's view of n logged decisions; arrays (n, n_actions), NaN where an action has no treatment there.

    Parameters: `propensity` and `uplift` of each action's best treatment; `priority`, of which `no_action` has 0 and an
    action that cannot be shown has `NEVER`.
    """

    propensity: Floats
    uplift: Floats
    priority: Floats


class _Decisions(NamedTuple):
    """Some of the decisions: when they were made, and logged columns by name."""

    decided_us: NDArray[np.int64]
    features: Mapping[str, NDArray[Any]]


def score_log(bundle: ManyScorer, frame: DecisionLogFrame, catalog: Catalog) -> LogScores:
    """Score every action of the frame at every logged decision."""
    shape = (len(frame), len(frame.actions))
    scores = LogScores(np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, NEVER))
    if NO_ACTION in frame.actions:
        scores.priority[:, frame.actions.index(NO_ACTION)] = 0.0
    customers = bundle.encode(frame.features, n_rows=len(frame))
    columns = {**frame.features, **_foreseen(bundle, frame)} if foresees(catalog) else frame.features
    for placement in np.unique(frame.placement):
        rows = np.flatnonzero(frame.placement == placement)
        candidates = [each for each in _candidates(catalog, str(placement)) if each.action.name in frame.actions]
        if candidates:
            at = _Decisions(frame.decided_us[rows], taken(columns, rows))
            asked = customers if len(rows) == len(customers) else customers[rows]
            found = bundle.score_matrix(asked, candidates)
            for place, candidate in enumerate(candidates):
                column = frame.actions.index(candidate.action.name)
                own = _priority(place, candidate, found, catalog, at)
                _keep_better(scores, rows, column, found, place, own)
    return scores


def _foreseen(bundle: ManyScorer, frame: DecisionLogFrame) -> dict[str, Floats]:
    """What the bundle foresees at every decision, by the names that formulas have for it."""
    found = bundle.foresee_many(frame.features, n_rows=len(frame)) if isinstance(bundle, PolicyBundle) else {}
    return {f"{FORESEEN}{name}": chances for name, chances in found.items()}


def shown_rows(frame: DecisionLogFrame, scores: LogScores) -> NDArray[np.bool_]:
    """The decisions (n,) whose choice was really shown and is still in the catalogue."""
    return np.asarray(frame.shown & np.isfinite(scores.propensity[np.arange(len(frame)), frame.chosen]))


def shown_pairs(frame: DecisionLogFrame, scores: LogScores) -> tuple[Floats, Floats]:
    """The propensity of what was chosen and whether it was accepted (0 or 1), of the `shown_rows`."""
    known = shown_rows(frame, scores)
    predicted = scores.propensity[np.arange(len(frame)), frame.chosen]
    return predicted[known], frame.accepted[known].astype(np.float64)


def _candidates(catalog: Catalog, placement: str) -> Iterator[Candidate]:
    slot = catalog.placements.get(placement)
    if slot is None:
        return
    for action in catalog.actions.values():
        for treatment in action.treatments:
            if treatment.fits(channel=slot.channel, placement=slot.name):
                yield Candidate(action, treatment)


def _keep_better(scores: LogScores, rows: NDArray[Any], column: int, found: Scores, place: int, own: Floats) -> None:
    better = own > scores.priority[rows, column]
    taken = rows[better]
    scores.priority[taken, column] = own[better]
    scores.propensity[taken, column] = found.propensity[better, place]
    scores.uplift[taken, column] = found.uplift[better, place]


def _stakes(candidate: Candidate, at: _Decisions) -> Stakes:
    action, treatment = candidate.action, candidate.treatment
    if not (action.value_formula or treatment.cost_formula):
        return Stakes(action.value, treatment.cost, weight=action.lever)
    value = own_amounts(action.value_formula, action.value, features=at.features, decided_us=at.decided_us)
    cost = own_amounts(treatment.cost_formula, treatment.cost, features=at.features, decided_us=at.decided_us)
    return Stakes(value, cost, weight=action.lever)


def _priority(place: int, candidate: Candidate, scores: Scores, catalog: Catalog, at: _Decisions) -> Floats:
    if scores.priority is not None:
        given: Floats = scores.priority[:, place]
        return given
    stakes = _stakes(candidate, at)
    of_one = Scores(scores.propensity[:, place], scores.uplift[:, place])
    rule = Rule.of(catalog)
    mode = rule.by_issue.get(candidate.action.issue, rule.mode)
    if mode != "custom":
        return priorities(gains(of_one, stakes, mode), stakes, mode)
    said = logged_columns(rule.formula, features=at.features, decided_us=at.decided_us)
    columns = columns_of(of_one, stakes, Weights(1.0, candidate.action.lever), said=said)
    return rule.in_mode(mode, of_one, stakes, columns=columns)
