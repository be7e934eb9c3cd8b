"""Compares a window with the reference: everything that was measured, and what of it is worth a word."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from features.instant import from_us
from features.monitoring import Monitoring
from training.dataset import DecisionLogFrame
from training.encoding import FeatureEncoder
from training.monitoring.calibration import Block, Foreseen, calibration_over_time
from training.monitoring.drift import Criterion, Drift, drift_of, missing_drift
from training.monitoring.finding import RETRAIN, SOURCE, Finding
from training.monitoring.histogram import Histogram, histogram
from training.monitoring.rate import Change, change_of
from training.monitoring.reference import Reference, feature_histograms, rates_of
from training.monitoring.served import Served


@dataclass(frozen=True, slots=True)
class Window:
    """What was served since the window began, and what of it is over.

    Parameters: `served`, decisions; `mature`, those that are over, with what came of them; `bundles`, the versions that
    order as the champion does, its own among them; `scored`, decisions that what is over is among, where it began
    before the window (None: `served`).
    """

    served: Served
    mature: DecisionLogFrame
    bundles: Collection[str]
    scored: Served | None = None


@dataclass(frozen=True, slots=True)
class Compared:
    """Everything that was measured; what has too few rows to say anything is left out.

    Parameters: `features`, `nulls` and `scores`, drifts by name; `rates`, changes by action; `calibration`, blocks in
    order; `degraded`, the share of decisions by name; `false_alarms`, P(found by chance) of each single test.
    """

    n_decisions: int
    n_mature: int
    features: Mapping[str, Drift]
    nulls: Mapping[str, Drift]
    scores: Mapping[str, Drift]
    rates: Mapping[str, Change]
    calibration: list[Block]
    degraded: Mapping[str, float]
    false_alarms: float
    findings: list[Finding] = field(default_factory=list)


def compare(reference: Reference, window: Window, encoder: FeatureEncoder, settings: Monitoring) -> Compared:
    """Compare a window with the reference; `settings.false_alarms` is shared out among all tests (Bonferroni)."""
    features = _features(reference, window.served, encoder)
    scores = _scores(reference, window)
    rates = {a: (reference.rates[a], r) for a, r in rates_of(window.mature).items() if a in reference.rates}
    blocks = calibration_over_time(foreseen_of(window))
    each = settings.false_alarms / max(2 * len(features) + len(scores) + len(rates) + len(blocks), 1)
    moved, gone = Criterion(settings.psi, each), Criterion(settings.nulls, each)
    changes = {a: change_of(*r, worth=settings.rate_change, false_alarms=each) for a, r in rates.items()}
    compared = Compared(
        n_decisions=len(window.served),
        n_mature=len(window.mature),
        features=_known({n: drift_of(reference.features[n], h, moved) for n, h in features.items()}),
        nulls=_known({n: missing_drift(reference.features[n], h, gone) for n, h in features.items()}),
        scores=_known({n: drift_of(reference.scores[n], h, moved) for n, h in scores.items()}),
        rates=_known(changes),
        calibration=blocks,
        degraded=_degraded(window.served),
        false_alarms=each,
    )
    compared.findings.extend(_findings(compared, reference, settings))
    return compared


def _known(found: Mapping[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in found.items() if each is not None}


def _features(reference: Reference, served: Served, encoder: FeatureEncoder) -> dict[str, Histogram]:
    sound = served.take(np.flatnonzero(served.degraded == ""))
    matrix = encoder.matrix(sound.features, n_rows=len(sound))
    return feature_histograms(matrix, encoder, sound.customer_id, like=reference.features)


def _scores(reference: Reference, window: Window) -> dict[str, Histogram]:
    """Scores of the champion's order only: another bundle's say nothing of it."""
    ours = np.isin(window.served.bundle.astype(str), list(window.bundles))
    mine = window.served.take(np.flatnonzero(ours & (window.served.degraded == "")))
    found = {}
    for place, action in enumerate(mine.actions):
        rows = np.flatnonzero(np.isfinite(mine.propensity[:, place]))
        if action in reference.scores:
            edges = reference.scores[action].edges
            found[action] = histogram(mine.propensity[rows, place], mine.customer_id[rows], edges=edges)
    return found


def foreseen_of(window: Window) -> Foreseen:
    """What the champion foresaw of the actions that were shown and are over, and whether they were accepted."""
    served, mature = window.served if window.scored is None else window.scored, window.mature
    rows = {name: row for row, name in enumerate(served.decision_id.tolist()) if served.bundle[row] in window.bundles}
    place = {action: column for column, action in enumerate(served.actions)}
    pairs = [
        (row, rows[name], place[mature.actions[chosen]])
        for row, (name, chosen) in enumerate(zip(mature.decision_id.tolist(), mature.chosen.tolist(), strict=True))
        if mature.shown[row] and name in rows and mature.actions[chosen] in place
    ]
    mine, theirs, column = np.array(pairs, dtype=np.int64).reshape(-1, 3).T
    predicted = served.propensity[theirs, column]
    known = np.isfinite(predicted)
    mine = mine[known]
    came = mature.accepted[mine].astype(np.float64)
    return Foreseen(predicted[known], came, mature.customer_id[mine], mature.decided_us[mine])


def _degraded(served: Served) -> dict[str, float]:
    names = [name for names in served.degraded.tolist() if names for name in names.split(", ")]
    return {name: names.count(name) / len(served) for name in sorted(set(names))}


def _findings(compared: Compared, reference: Reference, settings: Monitoring) -> Iterator[Finding]:
    seen = f"reference: {reference.n_decisions:,} decisions until {reference.last[:10]}"
    for name, each in compared.nulls.items():
        if each.moved:
            yield Finding("missing values", f"feature {name}", _psi(each), seen, "look", SOURCE)
    for what, drifts in (("feature", compared.features), ("propensity of", compared.scores)):
        for name, each in drifts.items():
            if each.moved:
                yield Finding("drift", f"{what} {name}", _psi(each), seen, "retrain", RETRAIN)
    for action, change in compared.rates.items():
        if change.moved:
            told = f"accepted {change.now.value:.1%} of the time (±{change.now.error:.1%})"
            before = f"reference: {change.before.value:.1%} (±{change.before.error:.1%})"
            yield Finding("acceptance", action, told, before, "retrain", RETRAIN)
    yield from _off(compared, settings)
    for name, share in compared.degraded.items():
        if share > settings.degraded:
            told = f"{share:.1%} of the decisions"
            yield Finding("degraded", name, told, f"at most {settings.degraded:.0%}", "look", "See the service's log.")


def _off(compared: Compared, settings: Monitoring) -> Iterator[Finding]:
    """The latest block of calibration, where it is off: what was off before and is right again needs nothing."""
    for block in compared.calibration[-1:]:
        if block.off(worth=settings.calibration, false_alarms=compared.false_alarms):
            told = f"{block.came:.2%} came (±{block.error:.2%}), n = {block.n:,}"
            foreseen = f"foreseen: {block.predicted:.2%}"
            since = f"decisions since {from_us(block.since_us):%Y-%m-%d}"
            yield Finding("calibration", since, told, foreseen, "retrain", RETRAIN)


def _psi(drift: Drift) -> str:
    rows = f"{drift.n_now:,.0f} independent rows"
    return f"PSI {drift.psi:.2f} (p = {drift.p_value:.1g}; {drift.detectable:.2f} would be seen in 80 %; {rows})"
