"""Writes a retraining into MLflow: what was learned from what, how good it is, what the gate said, and the bundle."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from features.workspace import Reward
from pipelines.candidate import Candidate
from pipelines.composition import Composition
from pipelines.recording.card import card
from pipelines.recording.drift import log_drift
from pipelines.recording.foresight import log_foreseen
from pipelines.recording.propensity import log_propensity
from pipelines.recording.signature import signature
from training.dataset import DecisionLogFrame
from training.decision_log import over_after
from training.declared_constraints import constraints_version
from training.evaluation_report import evaluation_json
from training.foresight.learn import Foreseen
from training.foresight.learned_from import Learned
from training.learning_version import learning_version
from training.plots import policy_values
from training.registry import Registry
from training.tracking_run import Fingerprint, Run, git_commit


@dataclass(frozen=True, slots=True)
class Own:
    """Somebody's own estimator. Parameters: `name` of the run; `settings`, its parameters."""

    name: str
    settings: Mapping[str, object]


def data_tag(frame: DecisionLogFrame, composition: Composition) -> str:
    """What a retraining learned from, in one word: equal logs, catalogues and constraints, equal words."""
    version = constraints_version(composition.workspace.training)
    return "-".join(filter(None, (frame.fingerprint[:32], composition.catalog.catalog.version, version)))


CHALLENGER_ALONE = "tsugi.challenger_alone"
"""Tags a retraining of which nothing was to serve, whatever the gate said."""


def learned_something_new(
    registry: Registry, frame: DecisionLogFrame, composition: Composition, *, promote: bool = True
) -> bool:
    """Whether no finished retraining has learned from this very log, catalogue and constraints, by these settings.

    One of an earlier release has not noted its settings: they are taken for the same. Parameters: `promote`, whether
    what is learned may serve: then one that was to make a challenger alone does not count.
    """
    wanted = f"tags.`tsugi.data` = '{data_tag(frame, composition)}' AND attributes.status = 'FINISHED'"
    done = registry.client.search_runs([registry.experiment_id], filter_string=wanted, max_results=1_000)
    now = learning_version(composition.workspace)
    tags = [run.data.tags for run in done if not (promote and CHALLENGER_ALONE in run.data.tags)]
    return all(told.get("tsugi.settings", now) != now for told in tags)


def note_learned(
    registry: Registry, run_id: str, frame: DecisionLogFrame, composition: Composition, *, promote: bool = True
) -> None:
    """Say that a log and catalogue are done with: last of all, so that a retraining that was killed is done again."""
    if not promote:
        registry.client.set_tag(run_id, CHALLENGER_ALONE, "true")
    registry.client.set_tag(run_id, "tsugi.settings", learning_version(composition.workspace))
    registry.client.set_tag(run_id, "tsugi.data", data_tag(frame, composition))


def record_training(
    composition: Composition,
    registry: Registry,
    candidate: Candidate,
    *,
    frame: DecisionLogFrame,
    folder: Path,
    as_of: datetime,
    own: Own | None = None,
) -> tuple[int, str]:
    """Write everything down and register the bundle; returns the version's number and the run's id.

    Parameters: `own`, where somebody else's estimator is in it: the next retraining still learns from this log.
    """
    data = _fingerprint(composition, frame, as_of)
    commit = git_commit(Path(__file__).parent)
    name = own.name if own else f"retraining {as_of:%Y-%m-%d %H:%M}"
    with registry.retraining(name, commit=commit) as run:
        settings = {**_settings(composition, as_of), **_labels(composition, frame, as_of)}
        run.log(params=settings, tags=_tags(composition, candidate))
        run.log_data(data)
        _log_models(composition, registry, run, candidate, data=data, own=own)
        written = _card(composition, candidate, as_of)
        run.log_text(written, "model_card.md")
        _log_bundle(composition, run, candidate)
        version = registry.register(run, folder, bundle=candidate.bundle.version)
        registry.record_verdict(run, version, candidate.verdict)
        registry.describe(version, written)
        if own:
            run.log(tags={"tsugi.own": True})
    return version.number, run.run_id


def _log_models(
    composition: Composition,
    registry: Registry,
    run: Run,
    candidate: Candidate,
    *,
    data: Fingerprint,
    own: Own | None,
) -> None:
    learned = candidate.learned
    with registry.model_run(run, "propensity") as child:
        child.log_data(data)
        child.log(params=own.settings if own else {})
        log_propensity(
            child,
            learned.propensity if learned else None,
            bundle=candidate.bundle,
            judged=candidate.judged,
            catalog=composition.catalog.catalog,
        )
    for foreseen in learned.foreseen if learned else ():
        with registry.model_run(run, foreseen.subject.name) as child:
            if foreseen.data is not None:
                child.log_data(_snapshots(foreseen, foreseen.data, composition, data.until))
            log_foreseen(child, foreseen)


def _log_bundle(composition: Composition, run: Run, candidate: Candidate) -> None:
    evaluation = candidate.judged.evaluation
    run.log_features(list(composition.features.names))
    run.log_json(signature(candidate.bundle.response.layout.features), "signature.json")
    run.log_json(evaluation_json(evaluation), "evaluation.json")
    run.log_plots({"policy_values": policy_values(evaluation, currency=composition.catalog.catalog.currency)})
    run.log(metrics=_values(candidate))
    encoder = candidate.bundle.response.layout.features
    log_drift(run, candidate.split, encoder, composition.workspace.monitor)


def _card(composition: Composition, candidate: Candidate, as_of: datetime) -> str:
    return card(
        f"{composition.workspace.name}-policy",
        as_of=as_of,
        split=candidate.split,
        judged=candidate.judged,
        verdict=candidate.verdict,
        features=composition.features,
        workspace=composition.workspace,
        foreseen=candidate.learned.foreseen if candidate.learned else (),
        own=candidate.learned is None,
        warnings=candidate.warnings,
    )


def _tags(composition: Composition, candidate: Candidate) -> dict[str, object]:
    return {
        "tsugi.workspace": composition.workspace.name,
        "catalog": composition.catalog.catalog.version,
        "bundle": candidate.bundle.version,
        "warnings": "\n".join(candidate.warnings) or "none",
    }


def _settings(composition: Composition, as_of: datetime) -> dict[str, object]:
    workspace = composition.workspace
    parts: dict[str, Any] = {"training": workspace.training, "gate": workspace.gate}
    told = {f"{part}.{key}": value for part, model in parts.items() for key, value in model.model_dump().items()}
    goal = {f"goal.{key}": value for key, value in workspace.goal.model_dump(exclude={"rewards"}).items()}
    rewards = {f"goal.rewards.{n}": _told(rule) for n, rule in enumerate(workspace.goal.rewards)}
    constraints = {"training.constraints": constraints_version(workspace.training)}
    return {"as_of": as_of.isoformat(), **told, **constraints, **goal, **rewards}


def _told(rule: Reward) -> str:
    """A reward rule as it stands in the workspace."""
    return orjson.dumps(rule.model_dump(exclude_defaults=True)).decode()


def _labels(composition: Composition, frame: DecisionLogFrame, as_of: datetime) -> dict[str, object]:
    """Which labels were open: those of the decisions after a moment, however many there are by now."""
    since = as_of - over_after(composition.workspace.goal, composition.catalog.catalog)
    told = {"open": frame.n_censored, "open_since": since.isoformat(), "came_too_late": frame.n_late}
    return {f"labels.{key}": value for key, value in told.items()}


def _fingerprint(composition: Composition, frame: DecisionLogFrame, as_of: datetime) -> Fingerprint:
    name = f"{composition.workspace.name} decision log"
    return Fingerprint(name, frame.fingerprint[:32], str(composition.home.ledger), len(frame), as_of.isoformat())


def _snapshots(foreseen: Foreseen, data: Learned, composition: Composition, until: str) -> Fingerprint:
    name = f"{composition.workspace.name} customers, for {foreseen.subject.name}"
    return Fingerprint(name, data.digest[:32], str(composition.home.history), data.n_rows, until)


def _values(candidate: Candidate) -> dict[str, float]:
    rows = candidate.judged.evaluation.policies
    return {
        f"value.{name.replace(' ', '_')}.{kind}": value
        for name, row in rows.items()
        for kind, value in (("dr", row.raw.doubly_robust.value), ("dr_capped", row.capped.doubly_robust.value))
    }
