"""The command line `tsugi`: each command reads its options, calls one pipeline, prints what came of it.

Pipelines are imported when a command runs: feast alone costs seconds, and `tsugi --help` should not.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from decisioning.errors import InvalidInputError, TsugiError
from pipelines.exit_code import ExitCode

app = typer.Typer(
    name="tsugi",
    help="Next-best-action service: decides what to do next for one customer, says why, and learns from what happens.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def past(as_of: datetime | None) -> datetime | None:
    """A moment that is over, and says where on Earth; `typer.BadParameter` of another one."""
    if as_of is None:
        return None
    if as_of.tzinfo is None:
        raise typer.BadParameter(f"{as_of.isoformat()} needs a UTC offset or Z, such as {as_of.isoformat()}Z")
    if as_of > datetime.now(UTC):
        raise typer.BadParameter(f"{as_of.isoformat()} is not over yet; what was known then is not known now")
    return as_of


HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="TSUGI_HOME",
        help="The folder of every store (default: what tsugi.toml says, else .tsugi in the workspace).",
    ),
]
WorkspaceOption = Annotated[
    Path,
    typer.Option("--workspace", envvar="TSUGI_WORKSPACE", help="The folder with tsugi.toml and catalog.yaml."),
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        callback=past,
        help="Learn from what was known then, such as 2026-05-01T00:00:00Z (default: now).",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]

HERE = Path()


def home_of(home: Path | None, workspace: Path) -> Path:
    """The home that is meant: the option, else the variable, else what `tsugi.toml` says, else `.tsugi` beside it.

    Raises `InvalidInputError` where something that is not a folder has that name.
    """
    meant = home or stated_home(workspace) or workspace / ".tsugi"
    if meant.exists() and not meant.is_dir():
        raise InvalidInputError(f"the home {meant} is not a folder; choose another --home", field="home")
    return meant


def stated_home(workspace: Path) -> Path | None:
    """The home that the workspace names; None where it names none, or cannot be read (which its reader will tell)."""
    from features.workspace import Workspace

    try:
        return Workspace.load(workspace).home_path
    except TsugiError:
        return None


def echo(result: Any, *, as_json: bool, words: Callable[[Any], str]) -> None:
    """Print a result: as one JSON object, or in words."""
    print(json.dumps(_plain(result), default=_text) if as_json else words(result))


def _plain(result: Any) -> Any:
    return asdict(result) if is_dataclass(result) and not isinstance(result, type) else result


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def note(message: str) -> None:
    """Say how far the work is, on standard error, so that standard output stays for results."""
    print(message, file=sys.stderr, flush=True)


@app.command()
def init(folder: Annotated[Path, typer.Argument(help="A new folder.")]) -> None:
    """Write a small workspace to start from: tsugi.toml, catalog.yaml, features.yaml."""
    from pipelines.init import write_workspace

    for path in write_workspace(folder):
        print(f"wrote {path}")
    print(f"Next: edit {folder / 'catalog.yaml'}, then: tsugi serve --workspace {folder}")


@app.command()
def demo(
    home: HomeOption = None,
    workspace: WorkspaceOption = Path("examples/bank"),
    data: Annotated[
        Path | None, typer.Option(help="The folder of real data that the workspace's adapter reads.")
    ] = None,
    customers: Annotated[int, typer.Option(min=50, help="How many customers a generated business has.")] = 20_000,
    decisions: Annotated[int, typer.Option(min=200, help="How many decisions its live time has.")] = 70_000,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the generated business.")] = 7,
) -> None:
    """Run the whole loop once: events in, decisions, outcomes, a better model; on a generated or a real business."""
    target = home_of(home or Path(".tsugi") / "demo", workspace)
    if data is None:
        from pipelines.demo import run_demo

        run_demo(target, workspace, n_customers=customers, n_decisions=decisions, seed=seed)
    else:
        from pipelines.real_demo import run_real_demo

        run_real_demo(target, workspace, data)


@app.command()
def simulate(
    out: Annotated[Path, typer.Option(help="The folder to write events to, as JSON Lines.")],
    workspace: WorkspaceOption = Path("examples/bank"),
    customers: Annotated[float, typer.Option(min=1, help="How many customers.")] = 20_000,
    seed: Annotated[float, typer.Option(min=0, help="Equal seeds give equal worlds.")] = 7,
) -> None:
    """Write the history of a generated business as files of Segment-spec events."""
    from pipelines.simulate import simulate_history

    path, n_events = simulate_history(workspace, out, n_customers=int(customers), seed=int(seed))
    print(f"{n_events:,} events in {path}")


@app.command()
def ingest(
    file: Annotated[Path, typer.Argument(help="JSON Lines of Segment-spec events (.jsonl or .jsonl.gz).")],
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    source: Annotated[str, typer.Option(help="Name of the source, kept with every record.")] = "file",
    live: Annotated[
        bool, typer.Option("--live", help="Events happen now (default: a backfill of what was known at its own time).")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Read a file of events into the ledger; what cannot be used is kept with its reason."""
    from pipelines.ingest import ingest_file, ingested_in_words

    result = ingest_file(home_of(home, workspace), workspace, file, source=source, backfill=not live)
    echo(result, as_json=as_json, words=ingested_in_words)


@app.command()
def rejects(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    limit: Annotated[int, typer.Option(min=1, help="At most so many, newest first.")] = 20,
    as_json: JsonOption = False,
) -> None:
    """Show what was rejected, and why."""
    from pipelines.rejects import newest_rejects, rejects_in_words

    echo(newest_rejects(home_of(home, workspace), limit=limit), as_json=as_json, words=rejects_in_words)


@app.command()
def resolve(home: HomeOption = None, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Rebuild identities and the golden record from the ledger."""
    from pipelines.resolve import resolve_all, resolved_in_words

    echo(resolve_all(home_of(home, workspace), workspace), as_json=as_json, words=resolved_in_words)


@app.command()
def profile(
    identifier: Annotated[str, typer.Argument(help="kind:value, such as user_id:u-17 or email:a@example.org.")],
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
) -> None:
    """Show one customer's golden record, each field with its lineage, and the features as of now."""
    from pipelines.profile import profile_of

    print(json.dumps(profile_of(home_of(home, workspace), workspace, identifier), indent=2, default=_text))


@app.command()
def materialize(home: HomeOption = None, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Bring the feature history (Parquet), the online store and Feast's registry up to the ledger."""
    from pipelines.materialize import materialize_features, materialized_in_words

    echo(materialize_features(home_of(home, workspace), workspace), as_json=as_json, words=materialized_in_words)


@app.command()
def train(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a bundle and register it as challenger, whatever the gate says; nothing serves it."""
    _retrain(home, workspace, as_of, as_json=as_json, promote=False)


@app.command()
def retrain(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_of: AsOfOption = None,
    as_json: JsonOption = False,
) -> None:
    """Learn from the log, pass the gate, promote. Exits: 0 promoted, 10 refused, 11 nothing new, 12 busy."""
    _retrain(home, workspace, as_of, as_json=as_json, promote=True)


def _retrain(home: Path | None, workspace: Path, as_of: datetime | None, *, as_json: bool, promote: bool) -> NoReturn:
    from pipelines.retrain import retrain_workspace, retrained_in_words

    result = retrain_workspace(home_of(home, workspace), workspace, as_of=as_of, promote=promote, say=note)
    echo(result, as_json=as_json, words=retrained_in_words)
    raise typer.Exit(result.exit_code)


@app.command()
def evaluate(home: HomeOption = None, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Value the champion beside nothing, uniform and every constant action, on the later part of the log."""
    from pipelines.evaluate import evaluate_log, print_evaluation

    evaluation, currency = evaluate_log(home_of(home, workspace), workspace)
    print_evaluation(evaluation, currency=currency, as_json=as_json)


@app.command()
def promote(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    version: Annotated[int | None, typer.Option(help="A registered version (default: the challenger).")] = None,
) -> None:
    """Make a registered version the champion by hand; the service picks it up within seconds."""
    from pipelines.promote import promote_version

    print(promote_version(home_of(home, workspace), workspace, version))


@app.command()
def rollback(home: HomeOption = None, workspace: WorkspaceOption = HERE) -> None:
    """Make the champion before the present one champion again."""
    from pipelines.promote import roll_back

    print(roll_back(home_of(home, workspace), workspace))


@app.command()
def decide(
    identifier: Annotated[str, typer.Argument(help="kind:value, such as user_id:u-17.")],
    placement: Annotated[str, typer.Option(help="A placement of the catalogue.")],
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    request_id: Annotated[str | None, typer.Option(help="Idempotent; made up where it is not given.")] = None,
) -> None:
    """Decide once for one customer, durably, by the code that serves."""
    from pipelines.decide import decide_once

    print(json.dumps(decide_once(home_of(home, workspace), workspace, identifier, placement, request_id), indent=2))


@app.command()
def catalog(workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Check the catalogue and the features of a workspace, and list its actions."""
    from pipelines.catalog import catalog_in_words, checked_catalog

    echo(checked_catalog(workspace), as_json=as_json, words=catalog_in_words)


@app.command()
def serve(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 3000,
) -> None:
    """Serve decisions over HTTP. Keys come from TSUGI_API_KEYS; without one only this machine may call."""
    from pipelines.serve import become_service

    become_service(home_of(home, workspace), workspace, host=host, port=port)


@app.command()
def doctor(home: HomeOption = None, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Say whether this machine, this workspace and this home are fit to run."""
    from pipelines.doctor import examine, findings_in_words

    findings = examine(home_of(home, workspace), workspace)
    echo([asdict(finding) for finding in findings] if as_json else findings, as_json=as_json, words=findings_in_words)
    raise typer.Exit(ExitCode.DONE if all(finding.ok for finding in findings) else ExitCode.FAILED)


def failed(error: TsugiError) -> ExitCode:
    """Say in one line on standard error what went wrong, and give the exit code for it."""
    print(f"tsugi: {error.message}", file=sys.stderr)
    return {"busy": ExitCode.BUSY, "nothing_new": ExitCode.NOTHING_NEW}.get(error.code, ExitCode.FAILED)


def quiet_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What keeps the components from calling home and from spinning threads, unless the caller decided otherwise.

    One thread for OpenMP and BLAS: idle ones spin, and cost several times the CPU on a busy machine.
    """
    wanted = {
        "FEAST_USAGE": "False",
        "BENTOML_DO_NOT_TRACK": "True",
        "DO_NOT_TRACK": "1",
        "OTEL_SDK_DISABLED": "true",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    return {name: value for name, value in wanted.items() if name not in environment}


def main() -> NoReturn:
    """Run the command line; an error is one line and a non-zero exit code, never a traceback."""
    os.environ.update(quiet_environment(os.environ))
    try:
        app()
    except TsugiError as error:
        sys.exit(failed(error))
    except BrokenPipeError:
        sys.exit(ExitCode.FAILED)
    except OSError as error:
        print(f"tsugi: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        sys.exit(ExitCode.FAILED)
    except KeyboardInterrupt:
        print("tsugi: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.exit(0)


if __name__ == "__main__":
    main()
