"""Writes the propensity and uplift model of a retraining: settings, quality on later decisions, curves."""

from dataclasses import asdict
from typing import Any

import numpy as np

from decisioning.catalog import Catalog
from pipelines.recording.quality import qualities
from pipelines.recording.search import log_search, settings_of
from training.bundle import PolicyBundle
from training.bundle_policy import LogScores, shown_pairs
from training.dataset import DecisionLogFrame, spread
from training.encoding import Floats
from training.judging import CHAMPION_POLICY, Judged
from training.metrics import Quality
from training.plots import contribution_plot, feature_importance, gain_curve, qini_plot, reliability_curve
from training.promotion import CANDIDATE
from training.propensity import PropensityReport
from training.qini import Qini, qini
from training.tracking_run import Run

EXPLAINED_ROWS = 500
"""Rows whose contributions are drawn and averaged."""


def log_propensity(
    run: Run, report: PropensityReport | None, *, bundle: PolicyBundle, judged: Judged, catalog: Catalog
) -> None:
    """Write how good a model is on the evaluated part, beside the champion's, and how it came to be.

    Parameters: `report`, None where somebody else fitted it.
    """
    predicted, observed = shown_pairs(judged.frame, judged.scores[CANDIDATE])
    lifted = uplift_curve(judged.frame, judged.scores[CANDIDATE], catalog)
    run.log(metrics=_later(judged) | ({"uplift.qini": lifted.coefficient} if lifted else {}))
    run.log_plots(
        {
            "reliability": reliability_curve(predicted, observed, title="Propensity, on later decisions"),
            "gain": gain_curve(predicted, observed),
            **({"qini": qini_plot(lifted, title="Uplift, on later decisions")} if lifted else {}),
            **_contribution_plots(bundle, judged.frame),
        }
    )
    if report is not None:
        _log_report(run, report)


def _log_report(run: Run, report: PropensityReport) -> None:
    run.log(params=_params(report), metrics=_chosen(report))
    run.log_json({"actions": [_plain(asdict(each)) for each in report.specialists]}, "specialists.json")
    run.log_json({"actions": [_plain(asdict(each)) for each in report.own_effects]}, "own_effects.json")
    log_search(run, report.effect.tuned)
    if report.baseline is not None:
        log_search(run, report.baseline.tuned, name="baseline")


def uplift_curve(frame: DecisionLogFrame, scores: LogScores, catalog: Catalog) -> Qini | None:
    """The Qini curve over every action whose aim is also seen where it is not shown; None where there is none.

    A pair of a decision and such an action is treated where the action was chosen and shown, untreated where it was
    eligible and not listed.
    """
    organic = [name in catalog.actions and catalog.actions[name].conversion is not None for name in frame.actions]
    chosen = np.arange(len(frame.actions)) == frame.chosen[:, None]
    treated, untreated = chosen & frame.shown[:, None], ~frame.listed
    probability = frame.eligible_probability
    spread = (probability > 0) & (probability < 1) & np.isfinite(scores.uplift)
    rows, columns = np.nonzero((treated | untreated) & spread & np.array(organic, dtype=bool))
    if not treated[rows, columns].any():
        return None
    return qini(
        scores.uplift[rows, columns],
        frame.converted[rows, columns].astype(np.float64),
        treated=treated[rows, columns],
        probability=probability[rows, columns],
    )


def _params(report: PropensityReport) -> dict[str, object]:
    return {
        **settings_of(report.effect.tuned),
        "trees.weight": report.effect.weight,
        "baseline.trees.weight": report.baseline.weight if report.baseline else "",
        "specialists": ", ".join(each.action for each in report.specialists if each.serves),
        "calibration.shown": report.shown_calibration,
        "calibration.not_shown": report.baseline_calibration,
    }


def _chosen(report: PropensityReport) -> dict[str, float]:
    split = {"split.time": report.split.by_time, "split.random": report.split.by_chance}
    parts = {"validation": report.shown, "validation.logistic": report.simple_shown, **split}
    if report.not_shown is not None:
        parts["validation.not_shown"] = report.not_shown
    told = {"uplift.slope": report.slope, "uplift.slope.standard_error": report.slope_error}
    return {**qualities(parts), **told, "seconds": report.seconds}


def _later(judged: Judged) -> dict[str, float]:
    """The quality on the evaluated part, beside the champion's."""
    names = {CANDIDATE: "evaluation", CHAMPION_POLICY: "evaluation.champion"}
    pairs = {
        name: shown_pairs(judged.frame, judged.scores[policy])
        for policy, name in names.items()
        if policy in judged.scores
    }
    return qualities({name: Quality.of(observed, predicted) for name, (predicted, observed) in pairs.items()})


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """What JSON has no word for, as null."""
    return {key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in told.items()}


def _contribution_plots(bundle: PolicyBundle, frame: DecisionLogFrame) -> dict[str, Any]:
    names = [column.name for column in bundle.response.layout.columns]
    rows, contributions = _contributions(bundle, frame)
    return {
        "feature_importance": feature_importance(
            names,
            np.abs(contributions).mean(axis=0),
            title="Features by what they do to the propensity's log-odds",
            of="mean absolute contributions",
        ),
        "contributions": contribution_plot(names, rows, contributions),
    }


def _contributions(bundle: PolicyBundle, frame: DecisionLogFrame) -> tuple[Floats, Floats]:
    """Rows of the evaluated part with actions in turn, and each column's share of their log-odds."""
    sample = spread(frame, EXPLAINED_ROWS)
    customers = bundle.encode(sample.features, n_rows=len(sample))
    known = bundle.response.layout.actions.entries
    organic = any(entry.has_conversion for entry in known)
    alike = np.array([place for place, entry in enumerate(known) if entry.has_conversion == organic])
    rows = bundle.response.layout.rows(customers, alike[np.arange(len(sample)) % len(alike)])
    return rows, bundle.response.contributions(rows, organic=organic)[:, :-1]
