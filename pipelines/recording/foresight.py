"""Writes one model of what is foreseen, or why there is none."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pipelines.recording.quality import qualities
from pipelines.recording.search import log_search, settings_of
from training.foresight.explained import Explained
from training.foresight.fitting import EventReport
from training.foresight.learn import Foreseen
from training.foresight.spend import SpendReport
from training.plots import contribution_plot, feature_importance, gain_curve, reliability_curve
from training.tracking_run import Run


def log_foreseen(run: Run, foreseen: Foreseen) -> None:
    """Write whether it serves and why, and where one was trained, how good it is on later customers."""
    serves = "champion's" if foreseen.kept else str(foreseen.model is not None)
    run.log(tags={"serves": serves, "foresees": foreseen.subject.words, "reasons": "\n".join(foreseen.reasons)})
    report = foreseen.report
    if isinstance(report, SpendReport):
        _log_spend(run, report)
        _log_event(run, report.chance, title="chance to spend, on later customers", part="chance")
    elif report is not None:
        _log_event(run, report, title=f"{foreseen.subject.name}, on later customers", part="evaluation")
    if foreseen.champion is not None:
        run.log(metrics=qualities({"evaluation.champion": foreseen.champion}))


def _log_event(run: Run, report: EventReport, *, title: str, part: str) -> None:
    run.log(
        params=settings_of(report.blend.tuned),
        metrics=qualities({part: report.quality, f"{part}.logistic": report.simple}),
    )
    run.log_plots(
        {
            "reliability": reliability_curve(report.predicted, report.label, title=title),
            "gain": gain_curve(report.predicted, report.label),
            **_explained(report.explained, unit="log-odds"),
        }
    )
    log_search(run, report.blend.tuned)


def _log_spend(run: Run, report: SpendReport) -> None:
    run.log(metrics=qualities({"evaluation": report.quality, "evaluation.mean_amount": report.simple}))
    money = gain_curve(report.predicted, report.label, title="Money reached, later customers", of="money")
    amounts = {} if report.explained is None else _explained(report.explained, unit="log-amount", of="_of_amount")
    run.log_plots({"gain_of_money": money, **amounts})


def _explained(found: Explained, *, unit: str, of: str = "") -> Mapping[str, Any]:
    """Each feature's share of the score of some customers, and what that comes to."""
    importance = np.abs(found.contributions).mean(axis=0)
    return {
        f"feature_importance{of}": feature_importance(
            found.names,
            importance,
            title=f"Features by what they do to the {unit}",
            of="mean absolute contributions",
        ),
        f"contributions{of}": contribution_plot(found.names, found.known, found.contributions, unit=unit),
    }
