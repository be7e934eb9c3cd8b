"""Writes the churn model of a retraining, or why there is none."""

from pipelines.recording.quality import qualities
from pipelines.recording.search import log_search, settings_of
from training.learning import ChurnLearned
from training.plots import gain_curve, reliability_curve
from training.tracking_run import Run


def log_churn(run: Run, churn: ChurnLearned) -> None:
    """Write whether it serves and why, and where one was trained, how good it is on later customers."""
    run.log(tags={"serves": churn.model is not None, "reasons": "\n".join(churn.reasons)})
    if churn.report is None:
        return
    report = churn.report
    run.log(
        params=settings_of(report.blend.tuned),
        metrics=qualities({"evaluation": report.quality, "evaluation.logistic": report.simple}),
    )
    run.log_plots(
        {
            "reliability": reliability_curve(report.predicted, report.left, title="Churn, on later customers"),
            "gain": gain_curve(report.predicted, report.left),
        }
    )
    log_search(run, report.blend.tuned)
