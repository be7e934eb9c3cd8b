"""What the champion's training saw, kept with the bundle: histograms of features and scores, and rates; no rows."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from decisioning.action import NO_ACTION
from decisioning.errors import ArtifactError
from features.instant import from_us
from training.bundle_policy import LogScores
from training.dataset import DecisionLogFrame
from training.encoding import FeatureEncoder, Floats
from training.monitoring.histogram import Histogram, histogram, histogram_from_json, histogram_to_json
from training.monitoring.rate import Rate, rate_of

MOST_ROWS = 20_000
"""Decisions that histograms are made of, evenly over the log."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What later windows are compared with.

    Parameters: `n_decisions` learned from, decided from `first` to `last` (ISO); `features` by name, `scores`
    (propensities of eligible actions, on the later decisions that judged the bundle) and `rates` of acceptance by
    action.
    """

    n_decisions: int
    first: str
    last: str
    features: Mapping[str, Histogram]
    scores: Mapping[str, Histogram]
    rates: Mapping[str, Rate]


def reference_of(
    frame: DecisionLogFrame, encoder: FeatureEncoder, *, judged: DecisionLogFrame, scores: LogScores | None
) -> Reference:
    """The reference of what was learned from (`frame`, not empty), and of a bundle's scores of what judged it."""
    some = evenly(frame)
    moments = [from_us(int(frame.decided_us[place])).isoformat() for place in (0, -1)]
    return Reference(
        n_decisions=len(frame),
        first=moments[0],
        last=moments[1],
        features=feature_histograms(encoder.matrix(some.features, n_rows=len(some)), encoder, some.customer_id),
        scores={} if scores is None else _scores(judged, scores),
        rates=rates_of(frame),
    )


def evenly(frame: DecisionLogFrame) -> DecisionLogFrame:
    """At most `MOST_ROWS` of a frame's decisions, evenly over it."""
    return frame.take(np.linspace(0, len(frame) - 1, min(len(frame), MOST_ROWS)).astype(np.int64))


def feature_histograms(
    matrix: Floats, encoder: FeatureEncoder, customers: Any, *, like: Mapping[str, Histogram] | None = None
) -> dict[str, Histogram]:
    """The histogram of every encoded feature (n, n_features); in the bins of others, where they are given."""
    columns = {column.name: matrix[:, place] for place, column in enumerate(encoder.columns)}
    if like is None:
        return {name: histogram(values, customers) for name, values in columns.items()}
    return {n: histogram(v, customers, edges=like[n].edges) for n, v in columns.items() if n in like}


def rates_of(frame: DecisionLogFrame) -> dict[str, Rate]:
    """How often each action is accepted where it was chosen and shown, whatever policy chose it."""
    rates: dict[str, Rate] = {}
    chances = frame.eligible_probability[np.arange(len(frame)), frame.chosen]
    for place, action in enumerate(frame.actions):
        rows = np.flatnonzero((frame.chosen == place) & frame.shown & (chances > 0))
        found = rate_of(frame.accepted[rows].astype(np.float64), 1 / chances[rows], frame.customer_id[rows])
        if action != NO_ACTION and found is not None:
            rates[action] = found
    return rates


def _scores(frame: DecisionLogFrame, scores: LogScores) -> dict[str, Histogram]:
    found: dict[str, Histogram] = {}
    for place, action in enumerate(frame.actions):
        rows = np.flatnonzero((frame.eligible_probability[:, place] > 0) & np.isfinite(scores.propensity[:, place]))
        if action != NO_ACTION and len(rows):
            found[action] = histogram(scores.propensity[rows, place], frame.customer_id[rows])
    return found


def report_of(reference: Reference) -> dict[str, Any]:
    """What a bundle keeps of its reference, in the report beside its content."""
    return {"reference": reference_to_json(reference)}


def without_scores(report: Any) -> Any:
    """The same for what scores otherwise but serves in the bundle's place."""
    return {"reference": {**report["reference"], "scores": {}}}


def reference_in(manifest: Mapping[str, Any]) -> Reference | None:
    """The reference in a bundle's manifest; None where it was written without. Raises `ArtifactError` of a bad one."""
    report = manifest.get("report")
    return reference_from_json(report["reference"]) if isinstance(report, dict) and "reference" in report else None


def reference_to_json(reference: Reference) -> dict[str, Any]:
    """The reference as plain data."""
    told = {name: getattr(reference, name) for name in ("n_decisions", "first", "last")}
    for part in ("features", "scores"):
        told[part] = {name: histogram_to_json(each) for name, each in getattr(reference, part).items()}
    return {**told, "rates": {name: asdict(each) for name, each in reference.rates.items()}}


def reference_from_json(content: Any) -> Reference:
    """The reference of its plain data; raises `ArtifactError` where it is none."""
    try:
        parts = {p: {n: histogram_from_json(h) for n, h in content[p].items()} for p in ("features", "scores")}
        rates = {name: Rate(**each) for name, each in content["rates"].items()}
        return Reference(content["n_decisions"], content["first"], content["last"], **parts, rates=rates)
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise ArtifactError(f"the bundle's reference cannot be used: {problem!r}") from problem
