"""Writes one model of what is foreseen, or why there is none."""

from pipelines.recording.quality import qualities
from pipelines.recording.search import log_search, settings_of
from training.foresight.learn import Foreseen
from training.plots import gain_curve, reliability_curve
from training.tracking_run import Run


def log_foreseen(run: Run, foreseen: Foreseen) -> None:
    """Write whether it serves and why, and where one was trained, how good it is on later customers."""
    serves = "champion's" if foreseen.kept else str(foreseen.model is not None)
    run.log(tags={"serves": serves, "foresees": foreseen.subject.words, "reasons": "\n".join(foreseen.reasons)})
    if foreseen.report is None:
        return
    report = foreseen.report
    run.log(
        params=settings_of(report.blend.tuned),
        metrics=qualities({"evaluation": report.quality, "evaluation.logistic": report.simple}),
    )
    title = f"{foreseen.subject.name}, on later customers"
    run.log_plots(
        {
            "reliability": reliability_curve(report.predicted, report.label, title=title),
            "gain": gain_curve(report.predicted, report.label),
        }
    )
    log_search(run, report.blend.tuned)
