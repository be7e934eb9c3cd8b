"""Commands that decide and explain, and what deciding stands on: the service, the machine."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from pipelines.command.options import (
    HERE,
    HomeOption,
    JsonOption,
    WorkspaceOption,
    echo,
    home_of,
    note,
    recorded_home,
)
from pipelines.exit_code import ExitCode


def decide(
    identifier: Annotated[str | None, typer.Argument(help="kind:value, such as user_id:u-17.")] = None,
    *,
    placement: Annotated[str, typer.Option(help="A placement of the catalogue.")],
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    request_id: Annotated[str | None, typer.Option(help="Idempotent; made up where it is not given.")] = None,
    batch: Annotated[str | None, typer.Option(help="Decide for everybody, as the batch of this name.")] = None,
    out: Annotated[Path | None, typer.Option(help="The folder of a batch's files.")] = None,
    record: Annotated[bool, typer.Option("--record", help="Record the decisions of a batch, with contacts.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Decide once for one customer, durably, by the code that serves; or for everybody, into Parquet files."""
    if batch is not None:
        _refuse_beside_batch(batch, identifier, request_id)
        if out is None:
            raise typer.BadParameter("a batch needs a folder for its files: --out")
        from pipelines.outbound.run import Order, decide_batch, report_in_words

        told = decide_batch(home_of(home, workspace), workspace, Order(batch, placement, out, record=record), say=note)
        echo(told, as_json=as_json, words=report_in_words)
        return
    if identifier is None:
        raise typer.BadParameter("name a customer, such as user_id:u-17, or a --batch")
    from pipelines.decide import decide_once

    told = decide_once(home_of(home, workspace), workspace, identifier, placement, request_id, say=note)
    print(json.dumps(told, indent=2))


def _refuse_beside_batch(batch: str, identifier: str | None, request_id: str | None) -> None:
    """Refuse a batch without a name, and what is said of one customer beside a batch."""
    if not batch.strip():
        raise typer.BadParameter("--batch is empty; a batch needs a name, such as june")
    told = [name for name, given in (("KIND:VALUE", identifier), ("--request-id", request_id)) if given is not None]
    if told:
        raise typer.BadParameter(f"--batch decides for everybody: it does not go with {' or '.join(told)}")


def explain(
    decision_id: Annotated[str, typer.Argument(help="The decision's id, such as d_0f3a…")],
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    placement: Annotated[str, typer.Option(help="What if it had been this placement?")] = "",
    feature: Annotated[list[str] | None, typer.Option(help="What if a feature were name=value? Repeatable.")] = None,
    context: Annotated[list[str] | None, typer.Option(help="What if a fact of the moment were name=value?")] = None,
    lever: Annotated[list[str] | None, typer.Option(help="What if an action's lever were action=number?")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say why a past decision came out as it did, make it again from its record, and say what if."""
    from pipelines.explain import explained, explanation_in_words, supposition_of

    what = supposition_of(placement, features=feature or (), context=context or (), levers=lever or ())
    told = explained(recorded_home(home, workspace), workspace, decision_id, what)
    echo(told, as_json=as_json, words=explanation_in_words)


def serve(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 3000,
    workers: Annotated[int, typer.Option(help="Processes that answer.", envvar="TSUGI_WORKERS", min=1, max=64)] = 1,
) -> None:
    """Serve decisions over HTTP. Keys come from TSUGI_API_KEYS; without one only this machine may call."""
    from pipelines.serve import become_service

    become_service(home_of(home, workspace), workspace, host=host, port=port, workers=workers)


def doctor(home: HomeOption = None, workspace: WorkspaceOption = HERE, as_json: JsonOption = False) -> None:
    """Say whether this machine, this workspace and this home are fit to run."""
    from pipelines.doctor import examine, findings_in_words

    findings = examine(home_of(home, workspace), workspace)
    echo([asdict(finding) for finding in findings] if as_json else findings, as_json=as_json, words=findings_in_words)
    raise typer.Exit(ExitCode.DONE if all(finding.ok for finding in findings) else ExitCode.FAILED)


COMMANDS = (
    decide,
    explain,
    serve,
    doctor,
)
