"""Watches what serves: compares a window of decisions with what the champion learned from, and says what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from features.instant import from_us, to_us
from features.record import EVENT
from features.rollout_pointer import RolloutPointer, read_rollout
from pipelines.composition import Composition, compose
from pipelines.exit_code import ExitCode
from pipelines.monitoring.serving_skew import serving_skew
from training.dataset import DecisionLogFrame
from training.decision_log import n_over, over_after, read_decision_log
from training.encoding import FeatureEncoder
from training.feature_column import feature_columns
from training.manifest import champion_path, read_content, same_order
from training.monitoring.finding import RETRAIN, SOURCE, Finding
from training.monitoring.reference import reference_in
from training.monitoring.served import read_served
from training.monitoring.skew import Skew
from training.monitoring.watch import Compared, Window, compare


@dataclass(frozen=True, slots=True)
class Monitored:
    """What was seen.

    Parameters: `champion`, the bundle that serves, and `trained_at`, None where nothing was learned yet; `compared`,
    None where it kept no reference; `skew`, None where it was not looked at; `last_event_at`, when an event last came;
    `challenger`, as published; `n_mature`, decisions whose windows are over, of the whole log.
    """

    exit_code: ExitCode
    as_of: datetime
    window_days: float
    champion: str
    trained_at: datetime | None
    compared: Compared | None
    skew: Skew | None
    last_event_at: datetime | None
    challenger: RolloutPointer | None
    n_mature: int
    findings: tuple[Finding, ...]


def monitor_workspace(
    home: Path, workspace: Path, *, as_of: datetime | None = None, sample: int | None = None
) -> Monitored:
    """Watch a home as of a moment. Parameters: `sample`, decisions whose features are computed anew."""
    with compose(home, workspace) as composition:
        return monitor(composition, as_of=as_of or composition.clock(), sample=sample)


def monitor(composition: Composition, *, as_of: datetime, sample: int | None = None) -> Monitored:
    """As `monitor_workspace`, on an open home. Raises `ArtifactError` where the champion was altered."""
    settings, folder = composition.workspace.monitor, champion_path(composition.home.path)
    manifest = read_content(folder)[0] if folder else {}
    names, champion = composition.features.names, manifest.get("version", "none")
    since, longer = as_of - settings.window, as_of - _reach(composition)
    served = read_served(composition.ledger, names, since=since, until=as_of)
    scored = served if longer == since else read_served(composition.ledger, (), since=longer, until=as_of)
    mature = _mature(composition, since=longer, as_of=as_of)
    reference = reference_in(manifest)
    encoder = FeatureEncoder(feature_columns(composition.features))
    window = Window(served, mature, same_order(manifest) if manifest else (), scored)
    compared = compare(reference, window, encoder, settings) if reference else None
    skew = serving_skew(composition, served, sample=settings.skew_sample if sample is None else sample)
    seen = Monitored(
        exit_code=ExitCode.DONE,
        as_of=as_of,
        window_days=settings.window_days,
        champion=champion,
        trained_at=datetime.fromisoformat(manifest["created_at"]) if manifest else None,
        compared=compared,
        skew=skew,
        last_event_at=_last_event(composition, as_of),
        challenger=read_rollout(composition.home.path),
        n_mature=n_over(
            composition.ledger, composition.workspace.goal, as_of=as_of, catalog=composition.catalog.catalog
        ),
        findings=(),
    )
    return _judged(seen, composition)


def _reach(composition: Composition) -> timedelta:
    """How far back what is over is looked for: as the window, or half of it before whatever is still open."""
    window = composition.workspace.monitor.window
    return max(window, over_after(composition.workspace.goal, composition.catalog.catalog) + window / 2)


def _mature(composition: Composition, *, since: datetime, as_of: datetime) -> DecisionLogFrame:
    catalog, goal, names = composition.catalog.catalog, composition.workspace.goal, composition.features.names[:1]
    return read_decision_log(composition.ledger, catalog, goal, as_of=as_of, feature_names=names, since=since)


def _last_event(composition: Composition, as_of: datetime) -> datetime | None:
    with composition.ledger.read() as connection:
        (last,) = connection.execute(_LAST, (EVENT, to_us(as_of))).fetchone()
    return None if last is None else from_us(last)


def _judged(seen: Monitored, composition: Composition) -> Monitored:
    """The same with everything that is worth a word, and the exit code for it."""
    compared = list(seen.compared.findings) if seen.compared else []
    findings = (*compared, *_stale(seen, composition), *_skewed(seen, composition))
    code = ExitCode.DONE if seen.trained_at else ExitCode.NOTHING_NEW
    if findings:
        look = any(each.remedy == "look" for each in findings)
        code = ExitCode.ATTENTION if look else ExitCode.DRIFT
    values = {name: getattr(seen, name) for name in Monitored.__dataclass_fields__}
    return Monitored(**{**values, "findings": findings, "exit_code": code})


def _stale(seen: Monitored, composition: Composition) -> Iterator[Finding]:
    settings = composition.workspace.monitor
    age = seen.as_of - seen.trained_at if seen.trained_at else timedelta()
    if age > timedelta(days=settings.model_days):
        told = f"trained {age.days} days ago"
        yield Finding("staleness", "model", told, f"at most {settings.model_days:g} days", "retrain", RETRAIN)
    if seen.last_event_at is not None:
        silence = seen.as_of - seen.last_event_at
        if silence > timedelta(hours=settings.silence_hours):
            told = f"no event came for {silence / timedelta(hours=1):.0f} hours"
            yield Finding("staleness", "features", told, f"at most {settings.silence_hours:g} hours", "look", SOURCE)


def _skewed(seen: Monitored, composition: Composition) -> Iterator[Finding]:
    worst, allowed = seen.skew, composition.workspace.monitor.skew
    if worst is None or 1 - worst.equal <= allowed:
        return
    names = sorted(worst.differing, key=lambda name: -worst.differing[name])[:3]
    told = f"{1 - worst.equal:.2%} of the values of {worst.n_decisions:,} decisions differ from training's"
    advice = "Compare what the service logged with `tsugi features`: one of them reads something else."
    yield Finding("skew", ", ".join(names), told, f"at most {allowed:.2%}", "look", advice)


_LAST = "SELECT max(received_us) FROM record WHERE kind = ? AND received_us <= ?"
