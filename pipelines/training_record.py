"""Writes a retraining into MLflow: what was learned from what, how good it is, what the gate said, and the bundle."""

from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from decisioning.catalog import Catalog
from pipelines.composition import Composition
from training.blend_fit import BlendReport
from training.bundle_policy import shown_pairs
from training.dataset import DecisionLogFrame
from training.evaluation_report import evaluation_json
from training.learning import ChurnLearned, Learned
from training.metrics import Quality
from training.plots import feature_importance, gain_curve, policy_values, reliability_curve
from training.promotion import CANDIDATE
from training.registry import Registry
from training.tracking_run import Fingerprint, Run, git_commit

if TYPE_CHECKING:
    from pipelines.retrain import Candidate

EXPLAINED_ROWS = 500
"""Rows whose contributions are averaged into the importance of features."""
MOST_DRAWN = 20_000
"""Later decisions on which the propensity is measured and drawn."""


def data_tag(frame: DecisionLogFrame, catalog: Catalog) -> str:
    """What a retraining learned from, in one word: equal logs and catalogues, equal words."""
    return f"{frame.fingerprint[:32]}-{catalog.version}"


def learned_something_new(registry: Registry, frame: DecisionLogFrame, catalog: Catalog) -> bool:
    """Whether no finished retraining has learned from this very log and catalogue."""
    wanted = f"tags.`tsugi.data` = '{data_tag(frame, catalog)}' AND attributes.status = 'FINISHED'"
    return not registry.client.search_runs([registry.experiment_id], filter_string=wanted, max_results=1)


def record_training(
    composition: Composition,
    registry: Registry,
    candidate: "Candidate",
    *,
    frame: DecisionLogFrame,
    folder: Path,
    as_of: datetime,
) -> tuple[int, str]:
    """Write everything down and register the bundle; returns the version's number and the run's id."""
    catalog = composition.catalog.catalog
    commit = git_commit(Path(__file__).parent)
    with registry.retraining(f"retraining {as_of:%Y-%m-%d %H:%M}", commit=commit) as run:
        run.log(
            params=_settings(composition, as_of), tags={"catalog": catalog.version, "bundle": candidate.bundle.version}
        )
        run.log_data(_fingerprint(composition, frame, as_of))
        run.log_features(list(composition.features.names))
        _log_propensity(run, candidate)
        _log_churn(run, candidate.learned.churn)
        evaluation = candidate.judged.evaluation
        run.log_json(evaluation_json(evaluation), "evaluation.json")
        run.log_plots({"policy_values": policy_values(evaluation, currency=catalog.currency)})
        run.log(metrics=_values(candidate))
        version = registry.register(run, folder, bundle=candidate.bundle.version)
        registry.record_verdict(run, version, candidate.verdict)
        run.log(tags={"tsugi.data": data_tag(frame, catalog)})
    return version.number, run.run_id


def _settings(composition: Composition, as_of: datetime) -> dict[str, object]:
    workspace = composition.workspace
    parts: dict[str, Any] = {"training": workspace.training, "gate": workspace.gate}
    told = {f"{part}.{key}": value for part, model in parts.items() for key, value in model.model_dump().items()}
    goal = {"goal.window_days": workspace.goal.window_days, "goal.reward_cap": workspace.goal.reward_cap}
    return {"as_of": as_of.isoformat(), **told, **goal}


def _fingerprint(composition: Composition, frame: DecisionLogFrame, as_of: datetime) -> Fingerprint:
    name = f"{composition.workspace.name} decision log"
    return Fingerprint(name, frame.fingerprint[:32], str(composition.home.ledger), len(frame), as_of.isoformat())


def _values(candidate: "Candidate") -> dict[str, float]:
    rows = candidate.judged.evaluation.policies
    return {
        f"value.{name.replace(' ', '_')}.{kind}": value
        for name, row in rows.items()
        for kind, value in (("dr", row.raw.doubly_robust.value), ("dr_capped", row.capped.doubly_robust.value))
    }


def _log_propensity(run: Run, candidate: "Candidate") -> None:
    learned, judged = candidate.learned, candidate.judged
    predicted, observed = shown_pairs(judged.frame, judged.scores[CANDIDATE])
    with run.nested("propensity") as child:
        child.log(params=_propensity_params(learned), metrics=_propensity_metrics(learned, predicted, observed))
        child.log_plots(
            {
                "reliability": reliability_curve(predicted, observed, title="Propensity, on later decisions"),
                "gain": gain_curve(predicted, observed),
                "feature_importance": _importance(candidate),
            }
        )
        _log_trials(child, learned.propensity.effect)
        child.log_json(
            {"actions": [_plain(asdict(each)) for each in learned.propensity.specialists]}, "specialists.json"
        )


def _propensity_params(learned: Learned) -> dict[str, object]:
    report = learned.propensity
    tuned = {f"trees.{name}": value for name, value in report.effect.tuned.parameters.items()}
    return {
        **tuned,
        "trees.n": report.effect.tuned.n_trees,
        "trees.weight": report.effect.weight,
        "specialists": ", ".join(each.action for each in report.specialists if each.serves),
        "baseline.trees.weight": report.baseline.weight if report.baseline else "",
        "calibration.shown": report.shown_calibration,
        "calibration.not_shown": report.baseline_calibration,
    }


def _propensity_metrics(learned: Learned, predicted: Any, observed: Any) -> dict[str, float]:
    report = learned.propensity
    parts = {
        "validation": report.shown,
        "validation.logistic": report.simple_shown,
        "evaluation": Quality.of(observed, predicted),
    }
    if report.not_shown is not None:
        parts["validation.not_shown"] = report.not_shown
    return {
        **_qualities(parts),
        "uplift.slope": report.slope,
        "uplift.slope.standard_error": report.slope_error,
        "seconds": report.seconds,
    }


def _qualities(parts: dict[str, Quality]) -> dict[str, float]:
    told = {f"{part}.{key}": value for part, quality in parts.items() for key, value in asdict(quality).items()}
    return {key: float(value) for key, value in told.items() if np.isfinite(value)}


def _importance(candidate: "Candidate") -> Any:
    frame, response = candidate.judged.frame, candidate.bundle.response
    sample = spread(frame, EXPLAINED_ROWS)
    customers = candidate.bundle.encode(sample.features, n_rows=len(sample))
    known = response.layout.actions.entries
    organic = any(entry.has_conversion for entry in known)
    alike = np.array([place for place, entry in enumerate(known) if entry.has_conversion == organic])
    rows = response.layout.rows(customers, alike[np.arange(len(sample)) % len(alike)])
    shares = np.abs(response.contributions(rows, organic=organic))[:, :-1].mean(axis=0)
    names = [column.name for column in response.layout.columns]
    return feature_importance(names, shares, title="Mean absolute contribution to the propensity's log-odds")


def _log_trials(run: Run, report: BlendReport) -> None:
    trials = [asdict(trial) for trial in report.tuned.trials]
    run.log_json({"trials": [_plain(trial) for trial in trials]}, "trials.json")


def _plain(told: dict[str, Any]) -> dict[str, Any]:
    """What JSON has no word for, as null."""
    return {key: None if isinstance(value, float) and not np.isfinite(value) else value for key, value in told.items()}


def _log_churn(run: Run, churn: ChurnLearned) -> None:
    with run.nested("churn") as child:
        child.log(tags={"serves": churn.model is not None, "reasons": "\n".join(churn.reasons)})
        if churn.report is None:
            return
        report = churn.report
        child.log(
            params={f"trees.{name}": value for name, value in report.blend.tuned.parameters.items()},
            metrics=_qualities({"evaluation": report.quality, "evaluation.logistic": report.simple}),
        )
        child.log_plots(
            {
                "reliability": reliability_curve(report.predicted, report.left, title="Churn, on later customers"),
                "gain": gain_curve(report.predicted, report.left),
            }
        )
