"""Writes one model of what is foreseen, or why there is none."""

from pipelines.recording.quality import qualities
from pipelines.recording.search import log_search, settings_of
from training.foresight.fitting import EventReport
from training.foresight.learn import Foreseen
from training.foresight.spend import SpendReport
from training.plots import gain_curve, reliability_curve
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


def _log_event(run: Run, report: EventReport, *, title: str, part: str) -> None:
    run.log(
        params=settings_of(report.blend.tuned),
        metrics=qualities({part: report.quality, f"{part}.logistic": report.simple}),
    )
    run.log_plots(
        {
            "reliability": reliability_curve(report.predicted, report.label, title=title),
            "gain": gain_curve(report.predicted, report.label),
        }
    )
    log_search(run, report.blend.tuned)


def _log_spend(run: Run, report: SpendReport) -> None:
    run.log(metrics=qualities({"evaluation": report.quality, "evaluation.mean_amount": report.simple}))
    run.log_plots({"gain_of_money": gain_curve(report.predicted, report.label, title="Money reached, later customers")})
