"""Commands that learn and serve what was learned: train, retrain, promote, roll back."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from pipelines.command.evaluate import evaluate
from pipelines.command.options import (
    HERE,
    AsOfOption,
    HomeOption,
    JsonOption,
    WorkspaceOption,
    echo,
    home_of,
    note,
    recorded_home,
)

CANARY_SHARE = 0.05
"""Of the customers, where nobody says otherwise."""
IfNeeded = Annotated[bool, typer.Option("--if-needed", help="Only where something moved, or enough is new.")]


def train(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_of: AsOfOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be trained on what; write nothing.")
    ] = False,
    if_needed: IfNeeded = False,
    as_json: JsonOption = False,
) -> None:
    """Train a bundle and register it as challenger, whatever the gate says; nothing serves it.

    Exits as retrain does: 0 registered, 10 refused by the gate, 11 nothing new, 12 busy, 14 held back by what is
    broken, 15 bad data, 16 no store, 17 altered.
    """
    if dry_run and if_needed:
        raise typer.BadParameter("one of --dry-run and --if-needed; `tsugi monitor` says whether it is needed")
    if dry_run:
        _dry_run(home, workspace, as_of, as_json=as_json)
        return
    if if_needed:
        _stop_unless_needed(home, workspace, as_of, as_json=as_json, promote=False)
    _retrain(home, workspace, as_of, as_json=as_json, promote=False)


def retrain(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_of: AsOfOption = None,
    if_needed: IfNeeded = False,
    as_json: JsonOption = False,
) -> None:
    """Learn from the log, pass the gate, promote.

    Exits: 0 promoted, or not needed with --if-needed; 10 refused, 11 nothing new, 12 busy, 14 held back by what is
    broken, 15 bad data, 16 no store, 17 altered.
    """
    if if_needed:
        _stop_unless_needed(home, workspace, as_of, as_json=as_json, promote=True)
    _retrain(home, workspace, as_of, as_json=as_json, promote=True)


def _stop_unless_needed(
    home: Path | None, workspace: Path, as_of: datetime | None, *, as_json: bool, promote: bool
) -> None:
    from pipelines.monitoring.need import need_in_words, need_of_workspace

    need = need_of_workspace(recorded_home(home, workspace), workspace, as_of=as_of, promote=promote)
    if need.verdict != "needed":
        echo(need, as_json=as_json, words=need_in_words)
        raise typer.Exit(need.exit_code)
    note(need_in_words(need))


def _dry_run(home: Path | None, workspace: Path, as_of: datetime | None, *, as_json: bool) -> None:
    from pipelines.clock import system_clock
    from pipelines.dry_run import plan_in_words, plan_training

    plan = plan_training(home_of(home, workspace), workspace, as_of=as_of or system_clock())
    echo(plan, as_json=as_json, words=plan_in_words)


def _retrain(home: Path | None, workspace: Path, as_of: datetime | None, *, as_json: bool, promote: bool) -> NoReturn:
    from pipelines.retrain import retrain_workspace
    from pipelines.retrained import retrained_in_words

    result = retrain_workspace(recorded_home(home, workspace), workspace, as_of=as_of, promote=promote, say=note)
    echo(result, as_json=as_json, words=retrained_in_words)
    raise typer.Exit(result.exit_code)


def promote(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    version: Annotated[int | None, typer.Option(help="A registered version (default: the challenger).")] = None,
    shadow: Annotated[int | None, typer.Option(help="Let this version shadow the champion instead.")] = None,
    canary: Annotated[int | None, typer.Option(help="Let this version decide for a share of the customers.")] = None,
    share: Annotated[
        float | None, typer.Option(min=0.0001, max=1.0, help="With --canary: of the customers (default: 0.05).")
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="End the shadow or canary under way.")] = False,
) -> None:
    """Make a registered version the champion by hand, a shadow, or a canary; the service follows within seconds."""
    from pipelines.promote import Rollout, end_challenge, promote_version, roll_out

    if sum((version is not None, shadow is not None, canary is not None, end)) > 1:
        raise typer.BadParameter("one of --version, --shadow, --canary and --end")
    if share is not None and canary is None:
        told = "--version lets a version decide for everybody, --shadow for nobody"
        raise typer.BadParameter(f"--share {share:g} goes with --canary VERSION alone; {told}")
    at = recorded_home(home, workspace)
    if end:
        print(end_challenge(at))
    elif shadow is not None:
        print(roll_out(at, workspace, Rollout(shadow)))
    elif canary is not None:
        print(roll_out(at, workspace, Rollout(canary, share or CANARY_SHARE)))
    else:
        print(promote_version(at, workspace, version))


def rollback(home: HomeOption = None, workspace: WorkspaceOption = HERE) -> None:
    """Make the champion before the present one champion again: at once, whatever becomes of MLflow."""
    from pipelines.rollback import roll_back

    print(roll_back(recorded_home(home, workspace), workspace))


def worker(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    once: Annotated[bool, typer.Option("--once", help="End when the queue is empty.")] = False,
    pause: Annotated[float, typer.Option(min=0.05, help="Seconds between two looks at an empty queue.")] = 1.0,
    memory_mb: Annotated[int, typer.Option(min=0, help="Data that a run may hold, in MiB; 0 for no bound.")] = 4096,
) -> None:
    """Run the retrainings that were asked for over HTTP, one after the other, at low priority, on one processor."""
    from pipelines.clock import system_clock
    from pipelines.worker import Limits, work

    limits = Limits(pause, memory_mb)
    n = work(home_of(home, workspace), workspace, clock=system_clock, once=once, limits=limits, say=note)
    print(f"{n} runs ended")


COMMANDS = (
    train,
    worker,
    retrain,
    evaluate,
    promote,
    rollback,
)
