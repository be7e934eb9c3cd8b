"""Commands that begin: a workspace, the demo, a generated history."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.command.options import WorkspaceOption, home_of


def whole(number: float) -> float:
    """A whole number, written as MLflow does (7.0) or as people do; `typer.BadParameter` of another one."""
    if not number.is_integer():
        raise typer.BadParameter(f"{number:g} is no whole number")
    return number


def init(folder: Annotated[Path, typer.Argument(help="A new folder.")]) -> None:
    """Write a small workspace to start from: tsugi.toml, catalog.yaml, features.yaml, journeys.yaml."""
    from pipelines.init import write_workspace

    for path in write_workspace(folder):
        print(f"wrote {path}")
    print(f"Next: edit {folder / 'catalog.yaml'}, then: tsugi serve --workspace {folder}")


def demo(
    home: Annotated[
        Path | None,
        typer.Option(envvar="TSUGI_HOME", help="The folder of the demo's stores, made anew (default: .tsugi/demo)."),
    ] = None,
    workspace: WorkspaceOption = Path("examples/bank"),
    data: Annotated[
        Path | None, typer.Option(help="The folder of real data that the workspace's adapter reads.")
    ] = None,
    customers: Annotated[int, typer.Option(min=50, help="How many customers a generated business has.")] = 20_000,
    decisions: Annotated[int, typer.Option(min=200, help="How many decisions its live time has at most.")] = 70_000,
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


def simulate(
    out: Annotated[Path, typer.Option(help="The folder to write events to, as JSON Lines.")],
    workspace: WorkspaceOption = Path("examples/bank"),
    customers: Annotated[
        float, typer.Option(min=1, callback=whole, help="How many customers, a whole number.")
    ] = 20_000,
    seed: Annotated[
        float, typer.Option(min=0, callback=whole, help="Equal seeds, whole numbers, give equal worlds.")
    ] = 7,
) -> None:
    """Write the history of a generated business as files of Segment-spec events."""
    from pipelines.simulate import simulate_history

    path, n_events = simulate_history(workspace, out, n_customers=int(customers), seed=int(seed))
    print(f"{n_events:,} events in {path}")


COMMANDS = (
    init,
    demo,
    simulate,
)
