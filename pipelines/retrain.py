"""Retrains: from the service's own log to a bundle that passed the gate, recorded in MLflow, published to serve."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from decisioning.errors import InvalidInputError
from features.home import Home
from features.instant import from_us
from pipelines.candidate import Candidate
from pipelines.champion import champion_bundle, foreseen_by
from pipelines.composition import Composition, compose
from pipelines.exit_code import ExitCode
from pipelines.gate_bounds import check_declared, gate_bounds
from pipelines.lease import lease
from pipelines.leftovers import clear_leftovers, making_folder
from pipelines.materialize import materialize
from pipelines.monitoring.last_training import LastTraining, note_training
from pipelines.recording.retraining import learned_something_new, note_learned, record_training
from pipelines.registry_told import reconcile
from pipelines.retrained import NOTHING_NEW, Retrained
from pipelines.reward_amounts import reward_warnings
from pipelines.serve_verdict import serve_verdict
from pipelines.served import UNCHANGED
from training.artifact import load_bundle, write_bundle
from training.aside import Aside
from training.bundle import PolicyBundle
from training.bundle_json import Bundle
from training.bundle_policy import ManyScorer, score_log
from training.constant import ConstantBundle, constant_entries
from training.dataset import DecisionLogFrame, TimeSplit, split_by_time
from training.decision_log import n_over, read_decision_log
from training.declared_constraints import check_constraints
from training.encoding import FeatureEncoder
from training.feature_column import feature_columns
from training.foresight.learn import learn_foreseen
from training.foresight.past import Past
from training.foresight.subject import subjects_of
from training.freed import give_back
from training.judging import CHAMPION_POLICY, evaluable, judge_bundles
from training.learning import Learned, learn, search_of
from training.learning_version import learning_version
from training.log_check import check_log
from training.log_history import with_history
from training.monitoring.reference import evenly, reference_of, report_of
from training.promotion import CANDIDATE, SAME_ORDER, judge
from training.registry import Registry
from training.studies import Studies

FEWEST_DECISIONS = 500
"""Matured decisions below which nothing is learned."""


def retrain_workspace(
    home: Path,
    workspace: Path,
    *,
    as_of: datetime | None = None,
    promote: bool = True,
    say: Callable[[str], object] = lambda _: None,
) -> Retrained:
    """Retrain a workspace under the lease of its home. Raises `BusyError` where another retraining is running."""
    with lease(Home(home).create().lock("retrain"), work="retraining"), compose(home, workspace) as composition:
        return retrain(composition, as_of=as_of or composition.clock(), promote=promote, say=say)[0]


def retrain(
    composition: Composition, *, as_of: datetime, promote: bool = True, say: Callable[[str], object] = lambda _: None
) -> tuple[Retrained, Candidate | None]:
    """Learn from the log as of a moment, judge, record, and (with `promote`) publish what may serve.

    Returns what came of it, and the candidate (None where there was nothing new). Raises `InvalidInputError` where
    nothing should be learned from the log (`training.log_check`): what serves is left as it is.
    """
    check_declared(composition.workspace.gate, composition.features)
    check_constraints(composition.workspace.training, composition.features)
    say("bringing the feature history up to the ledger")
    materialize(composition)
    say("reading the decision log")
    with Aside() as aside:
        opened = aside.later(partial(Registry.open, composition.home.path, workspace=composition.workspace.name))
        frame = learnable_log(composition, as_of=as_of)
        registry = opened.result()
    clear_leftovers(registry, composition.home.path)
    reconcile(registry, composition.home.path)
    if not learned_something_new(registry, frame, composition, promote=promote):
        return NOTHING_NEW, None
    suspicious = check_log(frame, encoder_of(composition))
    composition.ledger.forget_pages()
    give_back()
    goal, currency = composition.workspace.goal, composition.catalog.catalog.currency
    warnings = (*suspicious, *reward_warnings(composition.ledger, goal, currency=currency))
    for warning in warnings:
        say(f"warning: {warning}")
    say(f"learning from {len(frame):,} decisions ({frame.n_censored:,} still open are left out)")
    with making_folder(composition.home.path) as folder:
        learned = learn_candidate(composition, frame, as_of=as_of, folder=folder, say=say)
        candidate = replace(learned, warnings=warnings)
        say("recording what came of it")
        done = _act(composition, registry, candidate, frame=frame, as_of=as_of, promote=promote, folder=folder)
        note_training(composition.home.path, _trained(composition, as_of, promote=promote))
        return done, candidate


def _trained(composition: Composition, as_of: datetime, *, promote: bool) -> LastTraining:
    goal, catalog = composition.workspace.goal, composition.catalog.catalog
    decisions = n_over(composition.ledger, goal, as_of=as_of, catalog=catalog)
    return LastTraining(as_of.isoformat(), decisions, catalog.version, learning_version(composition.workspace), promote)


def learnable_log(composition: Composition, *, as_of: datetime) -> DecisionLogFrame:
    """The matured decisions with their features, of very many an even sample (`[training] most_decisions`).

    Raises `InvalidInputError` where there are too few to learn from.
    """
    frame = read_decision_log(
        composition.ledger,
        composition.catalog.catalog,
        composition.workspace.goal,
        as_of=as_of,
        feature_names=composition.features.names,
        most=composition.workspace.training.most_decisions,
    )
    if len(frame) < FEWEST_DECISIONS:
        raise InvalidInputError(
            f"{len(frame)} decisions are over (and {frame.n_censored} still open); "
            f"at least {FEWEST_DECISIONS} are needed to learn from",
            code="too_little_data",
        )
    return with_history(frame, composition.home, composition.features)


def split_log(composition: Composition, frame: DecisionLogFrame) -> TimeSplit:
    """The log in order of time: learn, choose, judge."""
    shares = composition.workspace.training
    return split_by_time(frame, validation_share=shares.validation_share, evaluation_share=shares.evaluation_share)


def encoder_of(composition: Composition) -> FeatureEncoder:
    """All documented features as model columns."""
    return FeatureEncoder(feature_columns(composition.features))


def learn_candidate(
    composition: Composition,
    frame: DecisionLogFrame,
    *,
    as_of: datetime,
    folder: Path,
    say: Callable[[str], object] = lambda _: None,
) -> Candidate:
    """Learn a bundle, write it below `folder`, and judge what was written."""
    split, champion = split_log(composition, frame), champion_bundle(composition.home.path)
    learned = _learned(composition, split, as_of=as_of, champion=champion, say=say)
    say("judging on later decisions")
    judged = judge_bundle(
        composition, learned.bundle, split, frame=frame, as_of=as_of, folder=folder, champion=champion
    )
    return replace(judged, learned=learned)


def judge_bundle(
    composition: Composition,
    new: PolicyBundle,
    split: TimeSplit,
    *,
    frame: DecisionLogFrame,
    as_of: datetime,
    folder: Path,
    champion: Bundle | None,
) -> Candidate:
    """Write a bundle below `folder` and let the gate judge, beside the champion, what was written."""
    catalog = composition.catalog.catalog
    bundle = _written(new, folder / CANDIDATE, as_of, split, _seen(composition, split, frame, new))
    constant = ConstantBundle("", catalog.version, constant_entries(evaluable(split.earlier)), bundle.foreseen)
    bundles: dict[str, ManyScorer] = {CANDIDATE: bundle}
    if champion is not None:
        bundles |= {CHAMPION_POLICY: champion, SAME_ORDER: constant}
    judged = judge_bundles(
        split,
        bundles,
        catalog=catalog,
        encoder=encoder_of(composition),
        training=composition.workspace.training,
        gate=composition.workspace.gate,
    )
    bounds = gate_bounds(composition, bundle, folder / CANDIDATE, judged)
    verdict = judge(judged.evaluation, margin=composition.workspace.gate.margin, bounds=bounds)
    return Candidate(None, bundle, constant, split, judged, verdict, champion)


def _learned(
    composition: Composition,
    split: TimeSplit,
    *,
    as_of: datetime,
    champion: Bundle | None,
    say: Callable[[str], object],
) -> Learned:
    """Learn responses and what is foreseen side by side: neither knows of the other, both let other threads run."""
    features, training = composition.features, composition.workspace.training
    studies = Studies(composition.home.optuna, say=say)
    with Aside(abandoned=True) as aside:
        foreseen = aside.later(
            partial(
                learn_foreseen,
                composition.ledger,
                Past(composition.home, features),
                subjects=subjects_of(training, currency=composition.catalog.catalog.currency),
                as_of=as_of,
                search=search_of(training, studies),
                champion=foreseen_by(champion),
            )
        )
        catalog = composition.catalog.catalog
        learned = learn(split, catalog=catalog, features=features, training=training, studies=studies)
        return learned.with_foreseen(foreseen.result())


def _seen(composition: Composition, split: TimeSplit, frame: DecisionLogFrame, bundle: PolicyBundle) -> dict[str, Any]:
    """What later windows are compared with, kept beside the bundle's content."""
    judged = evenly(split.evaluation)
    scores = score_log(bundle, judged, composition.catalog.catalog)
    return report_of(reference_of(frame, encoder_of(composition), judged=judged, scores=scores))


def _written(bundle: Bundle, folder: Path, as_of: datetime, split: TimeSplit, report: dict[str, Any]) -> PolicyBundle:
    """Write a bundle and load it back: what is judged is what would serve."""
    write_bundle(bundle, folder, created_at=as_of, learned_until=_last_of(split.earlier), report=report)
    loaded = load_bundle(folder)
    if not isinstance(loaded, PolicyBundle):
        raise InvalidInputError(f"a {loaded.kind} bundle was written where a model was learned")
    return loaded


def _last_of(frame: DecisionLogFrame) -> datetime:
    return from_us(int(frame.decided_us[-1]))


def _act(
    composition: Composition,
    registry: Registry,
    candidate: Candidate,
    *,
    frame: DecisionLogFrame,
    as_of: datetime,
    promote: bool,
    folder: Path,
) -> Retrained:
    """Register the candidate, and make serve what the gate says."""
    version, run_id = record_training(
        composition, registry, candidate, frame=frame, folder=folder / CANDIDATE, as_of=as_of
    )
    served = UNCHANGED
    if promote:
        served = serve_verdict(composition, registry, candidate, version=version, folder=folder, as_of=as_of)
    else:
        registry.challenge(version)
    note_learned(registry, run_id, frame, composition, promote=promote)
    verdict = candidate.verdict
    return Retrained(
        exit_code=ExitCode.DONE if verdict.promoted else ExitCode.REFUSED,
        version=version,
        bundle=candidate.bundle.version,
        serves=verdict.serve,
        reasons=(*verdict.reasons, *served.told),
        decisions=len(frame),
        censored=frame.n_censored,
        run_id=run_id,
        published=served.published,
    )
