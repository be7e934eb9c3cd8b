"""The model card of a bundle: what it is for, what it learned from, how good it is and for whom, and its limits."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np

from features.feature_set import FeatureSet
from features.instant import from_us
from features.workspace import Gate, Training, Workspace
from training.bundle_policy import shown_pairs, shown_rows
from training.dataset import DecisionLogFrame, TimeSplit
from training.declared_constraints import constraints_version
from training.figures import with_interval
from training.foresight.fitting import EventReport
from training.foresight.learn import Foreseen
from training.gate_slices import FEWEST, segments
from training.judging import Judged
from training.metrics import Quality
from training.promotion import CANDIDATE, Verdict

LIMITS = (
    "It knows what the log has: customers, actions and channels that were seen; an action that nobody saw has its "
    "stated starting propensity.",
    "Values are of the evaluated weeks, under the eligibility and contact policy of then.",
    "Decisions whose window was open are left out; outcomes that come later are learned at the next retraining.",
    "It decides nothing alone: consent, eligibility, caps and holds come first and are not learned.",
)


def card(
    name: str,
    *,
    as_of: datetime,
    split: TimeSplit,
    judged: Judged,
    verdict: Verdict,
    features: FeatureSet,
    workspace: Workspace,
    foreseen: Sequence[Foreseen] = (),
    own: bool = False,
    warnings: Sequence[str] = (),
) -> str:
    """The card as Markdown.

    Parameters: `name`, of the workspace's model; `foreseen`, what else was learned; `own`, whether somebody's own
    estimator is in it; `warnings` of the log.
    """
    parts = (
        f"# {name}, {as_of:%Y-%m-%d %H:%M} UTC",
        "Ranks the next actions for one customer at one moment: P(aim reached | shown), and what showing adds.",
        "## Learned from",
        "\n\n".join([_data(split, judged.frame), *(f"Warning: {warning}." for warning in warnings)]),
        "## Features",
        _features(features),
        "## Constraints",
        constraints_in_words(workspace.training, own=own),
        "## What it is worth",
        _worth(judged),
        "## How good its probabilities are",
        _quality(judged),
        "## What it foresees",
        foreseen_in_words(foreseen),
        "## Segments",
        _segments(judged, workspace.gate),
        "## What the gate says",
        "\n".join(f"- {reason}" for reason in verdict.reasons),
        "## Limits",
        "\n".join(f"- {limit}" for limit in LIMITS),
    )
    return "\n\n".join(parts) + "\n"


def _data(split: TimeSplit, valued: DecisionLogFrame) -> str:
    rows = (("learned from", split.train), ("chosen on", split.validation), ("judged on", split.evaluation))
    lines = ["| part | decisions | customers | from | to |", "| --- | --- | --- | --- | --- |"]
    table = "\n".join([*lines, *(_part(name, frame) for name, frame in rows)])
    return "\n\n".join([table, *_beside(split, n_valued=len(valued))])


def _beside(split: TimeSplit, *, n_valued: int) -> Iterator[str]:
    """What the numbers of the table leave out."""
    n_censored, n_more, n_judged = split.train.n_censored, split.train.n_left_out, len(split.evaluation)
    if n_censored:
        yield f"Left out: {n_censored:,} decisions whose window was still open."
    if n_more:
        yield f"An even sample over the time: {n_more:,} more decisions were over (`[training] most_decisions`)."
    if n_valued < n_judged:
        yield (
            f"Of the {n_judged:,} decisions judged on, the gate values policies on {n_valued:,}: "
            "in the others, of other arms, a policy could not have chosen otherwise."
        )


def _part(name: str, frame: DecisionLogFrame) -> str:
    first, last = (f"{from_us(int(at)):%Y-%m-%d}" for at in (frame.decided_us.min(), frame.decided_us.max()))
    customers = len(np.unique(frame.customer_id))
    return f"| {name} | {len(frame):,} | {customers:,} | {first} | {last} |"


def _features(features: FeatureSet) -> str:
    counts = Counter(feature.purpose or "no purpose of its own" for feature in features.features)
    told = ", ".join(f"{n} for {purpose}" for purpose, n in sorted(counts.items()))
    return f"{len(features.names)} documented features ({told}); the list is in `features.json`."


def constraints_in_words(training: Training, *, own: bool = False) -> str:
    """What the workspace declares of propensities. Parameters: `own`, whether somebody's own estimator serves them.

    >>> constraints_in_words(Training(rising=("orders",)))
    'Version 7a40ec97229e. No propensity falls as one of these rises: orders.'
    """
    version = constraints_version(training)
    if not version:
        return "None is declared (`[training] rising`, `falling`, `together`)."
    if own:
        return f"Version {version} is declared; the estimator is somebody's own, and is not held to it."
    told = [f"Version {version}."]
    if training.rising:
        told.append(f"No propensity falls as one of these rises: {', '.join(training.rising)}.")
    if training.falling:
        told.append(f"No propensity rises as one of these rises: {', '.join(training.falling)}.")
    if training.together:
        groups = "; ".join(", ".join(group) for group in training.together)
        told.append(f"In trees, features interact with the action, and with each other only within: {groups}.")
    return " ".join(told)


def _worth(judged: Judged) -> str:
    lines = ["| policy | money per decision, capped, doubly robust | effective sample |", "| --- | --- | --- |"]
    for name, row in judged.evaluation.policies.items():
        value = with_interval(row.capped.doubly_robust)
        lines.append(f"| {name} | {value} | {row.overlap.effective_sample_size:,.0f} |")
    return "\n".join(lines)


def _quality(judged: Judged) -> str:
    predicted, observed = shown_pairs(judged.frame, judged.scores[CANDIDATE])
    if not len(predicted):
        return "Nothing was shown in the evaluated part."
    found = Quality.of(observed, predicted)
    return (
        f"On {found.n_rows:,} later decisions with {found.n_positive:,} successes: log loss {found.log_loss:.4f}, "
        f"AUC {found.auc:.3f}, calibration error {found.calibration_error:.4f} "
        f"(a perfect model's: {found.calibration_floor:.4f})."
    )


def foreseen_in_words(foreseen: Sequence[Foreseen]) -> str:
    """What became of each subject, a line for each.

    >>> foreseen_in_words([])
    'Nothing beside what is accepted.'
    """
    return "\n".join(map(_foreseen, foreseen)) or "Nothing beside what is accepted."


def _foreseen(each: Foreseen) -> str:
    """Whether one of its models serves, what the gate of such models said, and how good it is."""
    serves = "the champion's serves on" if each.kept else "serves" if each.model else "does not serve"
    report = each.report
    told = f"- {each.subject.name}, {each.subject.words}: {serves}; {'; '.join(each.reasons)}."
    if isinstance(report, EventReport):
        told += f" AUC {report.quality.auc:.3f}, log loss {report.quality.log_loss:.4f}"
    elif report is not None:
        told += f" Gini {report.quality.gini:.3f}, bias {report.quality.bias:+.0%}"
    return told if report is None else f"{told} on {len(report.label):,} later customers."


def _segments(judged: Judged, gate: Gate) -> str:
    declared = tuple(dict.fromkeys((*gate.slices, *gate.protected)))
    if not declared:
        return "None is declared (`[gate] slices`, `protected`)."
    scores = judged.scores[CANDIDATE]
    predicted, observed = shown_pairs(judged.frame, scores)
    shown = judged.frame.take(shown_rows(judged.frame, scores))
    lines = ["| segment | shown | predicted | observed |", "| --- | --- | --- | --- |"]
    for each in segments(shown.features, declared):
        rates = f"{predicted[each.rows].mean():.4f} | {observed[each.rows].mean():.4f}"
        lines.append(f"| {each} | {each.rows.sum():,} | {rates} |")
    return "\n".join(lines) if len(lines) > 2 else f"No segment has {FEWEST} decisions at which something was shown."
