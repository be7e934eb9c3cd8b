"""Whether a retraining is needed: something moved, enough is new, or nothing was ever learned."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from features.monitoring import Monitoring
from pipelines.composition import Composition, compose
from pipelines.exit_code import ExitCode
from pipelines.monitoring.last_training import LastTraining, last_training
from pipelines.monitoring.monitor import Monitored, monitor
from pipelines.retrain import FEWEST_DECISIONS
from training.learning_version import learning_version

AGAIN = 0.25
"""Of the monitor's window: after so long, what stood at the last training already asks for another one."""
Verdict = Literal["needed", "not needed", "held back"]
Subject = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Need:
    """Whether to retrain, and why; `exit_code`, of a command that goes no further."""

    verdict: Verdict
    exit_code: ExitCode
    reasons: tuple[str, ...]


def need_of_workspace(home: Path, workspace: Path, *, as_of: datetime | None = None, promote: bool = True) -> Need:
    """Watch a home and say whether to retrain it. Parameters: `promote`, whether what is learned may serve."""
    with compose(home, workspace) as composition:
        return need_of(composition, as_of=as_of or composition.clock(), promote=promote)


def need_of(composition: Composition, *, as_of: datetime, promote: bool = True) -> Need:
    """As `need_of_workspace`, on an open home."""
    seen, catalog = monitor(composition, as_of=as_of), composition.catalog.catalog.version
    last, settings = last_training(composition.home.path), composition.workspace.monitor
    learning = learning_version(composition.workspace)
    need = judge_need(seen, last, catalog, settings, learning=learning, promote=promote)
    if need.verdict != "needed" or last is None or as_of - last.at >= AGAIN * settings.window:
        return need
    then = monitor(composition, as_of=last.at, sample=0)
    stood = {each.subject for each in then.findings}
    return judge_need(seen, last, catalog, settings, learning=learning, stood=stood, promote=promote)


def judge_need(
    seen: Monitored,
    last: LastTraining | None,
    catalog: str,
    settings: Monitoring,
    *,
    learning: str = "",
    stood: Collection[Subject] = frozenset(),
    promote: bool = True,
) -> Need:
    """Say whether to retrain, from what was seen; pure.

    Parameters: `catalog`, the version that serves now; `learning`, that of what the workspace says of learning;
    `stood`, what had moved at the last training already: it was learned from then, as far as a training can; `promote`,
    whether what is learned may serve.
    """
    broken = tuple(str(each) for each in seen.findings if each.remedy == "look")
    if broken:
        return Need("held back", ExitCode.ATTENTION, broken)
    if seen.n_mature < FEWEST_DECISIONS:
        told = f"{seen.n_mature:,} decisions are over, {FEWEST_DECISIONS} are needed to learn from"
        return Need("not needed", ExitCode.DONE, (told,))
    reasons = (
        *_reasons(seen, last, catalog, settings, stood),
        *_told_otherwise(last, learning),
        *_nothing_may_serve(last, promote=promote),
    )
    return Need("needed", ExitCode.DONE, reasons) if reasons else _not_needed(seen, last, settings, stood)


def _reasons(
    seen: Monitored, last: LastTraining | None, catalog: str, settings: Monitoring, stood: Collection[Subject]
) -> Iterator[str]:
    if last is None:
        yield "no training of this home is noted"
        return
    if last.catalog != catalog:
        yield f"the catalogue is another one ({catalog}) than the last training's ({last.catalog})"
    new = seen.n_mature - last.decisions
    if new > 0:
        yield from (str(each) for each in seen.findings if each.subject not in stood)
    if new >= settings.new_outcomes * last.decisions:
        yield f"{new:,} more decisions are over than the {last.decisions:,} that were learned from"


def _told_otherwise(last: LastTraining | None, learning: str) -> Iterator[str]:
    if last is not None and last.settings and last.settings != learning:
        yield "the settings of `[goal]`, `[training]` or `[gate]` are others than the last training's"


def _nothing_may_serve(last: LastTraining | None, *, promote: bool) -> Iterator[str]:
    if promote and last is not None and not last.promote:
        yield "the last training made a challenger alone: nothing that it learned may serve"


def _not_needed(seen: Monitored, last: LastTraining | None, settings: Monitoring, stood: Collection[Subject]) -> Need:
    before = last.decisions if last else 0
    told = f"{max(seen.n_mature - before, 0):,} more decisions are over than the {before:,} that were learned from"
    worth = f"{settings.new_outcomes:.0%} more are worth a training, or anything that moved"
    return Need("not needed", ExitCode.DONE, (told, worth, *_standing(seen, last, settings, stood)))


def _standing(
    seen: Monitored, last: LastTraining | None, settings: Monitoring, stood: Collection[Subject]
) -> Iterator[str]:
    n = sum(each.subject in stood for each in seen.findings)
    if n and last is not None:
        again = last.at + AGAIN * settings.window
        yield f"of what moved, {n} stood at the last training already: a reason again from {again:%Y-%m-%d %H:%M} on"


def need_in_words(need: Need) -> str:
    """The verdict, and why."""
    return "\n".join([need.verdict, *(f"  - {reason}" for reason in need.reasons)])
