"""What a shadow would have done, and what that is worth: on the decisions that it shadowed, from the log alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from decisioning.errors import NotFoundError
from pipelines.composition import Composition, compose
from pipelines.materialize import materialize
from pipelines.retrain import encoder_of
from training.dataset import DecisionLogFrame
from training.decision_log import read_decision_log
from training.encoding import Floats
from training.evaluation import CHAMPION, PolicyEvaluation, References, Settings, evaluate
from training.figures import with_interval
from training.judging import evaluable
from training.log_history import with_history
from training.policy import LOGGING
from training.reward_model import cross_fitted
from training.shadow import Differences, Shadowed, differences, read_shadowed, shadow_policy

CHALLENGER = "challenger"
FEWEST = 100
"""Decisions that are over, below which no value is reckoned."""
MOST_SWAPS = 10


@dataclass(frozen=True, slots=True)
class ShadowReport:
    """How a challenger differs from the champion, and its value where the log can tell.

    Parameters: `bundle`, the challenger's; `over`, its shadowed decisions that are over; `evaluation`, the challenger
    beside what was logged, None where too little is over; `cannot_tell`, why the value is not to be trusted, empty
    where it is.
    """

    bundle: str
    differences: Differences
    over: int
    currency: str
    evaluation: PolicyEvaluation | None
    cannot_tell: tuple[str, ...]


def evaluate_shadow(
    home: Path, workspace: Path, *, as_of: datetime | None = None, bundle: str | None = None
) -> ShadowReport:
    """Look at a challenger's shadow records: the last one's, or those of a bundle's version.

    Raises `NotFoundError` where none shadowed a decision.
    """
    with compose(home, workspace) as composition:
        shadowed = read_shadowed(composition.ledger, bundle=bundle)
        if not shadowed:
            raise NotFoundError("no decision was shadowed" + (f" by bundle {bundle}" if bundle else ""))
        return _report(composition, shadowed, as_of or composition.clock())


def _report(composition: Composition, shadowed: list[Shadowed], as_of: datetime) -> ShadowReport:
    catalog, goal, names = composition.catalog.catalog, composition.workspace.goal, composition.features.names
    log = read_decision_log(composition.ledger, catalog, goal, as_of=as_of, feature_names=names)
    frame = evaluable(log)
    rows, target = shadow_policy(frame, shadowed)
    n = int(rows.sum())
    evaluation: PolicyEvaluation | None = None
    cannot: tuple[str, ...] = (f"{n} of the shadowed decisions are over; {FEWEST} are needed",)
    if n >= FEWEST:
        materialize(composition)
        known = with_history(frame.take(rows), composition.home, composition.features)
        evaluation = _valued(composition, known, target)
        cannot = evaluation.policies[CHALLENGER].overlap.problems
    return ShadowReport(shadowed[-1].bundle, differences(shadowed), n, catalog.currency, evaluation, cannot)


def _valued(composition: Composition, frame: DecisionLogFrame, target: Floats) -> PolicyEvaluation:
    """The challenger as it would have acted beside the champion as it did; q̂ knows no decision of a row's customer."""
    seed = composition.workspace.training.seed
    known = encoder_of(composition).matrix(frame.features, n_rows=len(frame))
    q_hat = cross_fitted(
        known,
        frame.chosen,
        frame.capped_reward,
        customers=frame.customer_id,
        n_actions=len(frame.actions),
        seed=seed,
    )
    return evaluate(
        frame,
        {LOGGING: frame.eligible_probability, CHALLENGER: target},
        generator=np.random.default_rng(seed),
        q_hat=q_hat,
        references=References(champion=LOGGING),
        settings=Settings(confidence=composition.workspace.gate.confidence),
    )


def shadow_in_words(report: ShadowReport) -> str:
    """The report, a line each."""
    return "\n".join(_lines(report))


def _lines(report: ShadowReport) -> Iterator[str]:
    found = report.differences
    every = found.overall
    yield (
        f"bundle {report.bundle} shadowed {every.decisions:,} decisions and chose differently at "
        f"{every.differing:,} ({every.share:.1%}); {every.moved:.1%} of probability lies elsewhere"
    )
    for placement, differing in found.by_placement.items():
        yield f"  at {placement}: {differing.differing:,} of {differing.decisions:,} ({differing.share:.1%})"
    for action, differing in found.by_action.items():
        yield f"  where the champion chose {action}: {differing.differing:,} of {differing.decisions:,}"
    for champion, challenger, n in found.swaps[:MOST_SWAPS]:
        yield f"  {champion} → {challenger}: {n:,}"
    if report.evaluation is not None:
        row = report.evaluation.policies[CHALLENGER]
        gap = with_interval(row.differences[CHAMPION].estimate, signed=True)
        yield f"worth {gap} {report.currency} per decision more than what was done, on {report.over:,} that are over"
    yield from (f"cannot tell: {problem}" for problem in report.cannot_tell)
