"""The end of the demo: three customers, what the policies are worth, and where to look next."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.demo_values import DemoValues, PolicyLine


def show_customers(console: Console, answers: Sequence[dict[str, Any]]) -> None:
    """Each customer's ranked actions with their reasons, as the service answered over HTTP."""
    for answer in answers:
        console.print(f"[bold]{answer['customer_id']}[/] [dim](arm {answer['arm']})[/]: {answer['chosen']}")
        for item in answer["ranked"]:
            reasons = "; ".join(item["reasons"])
            line = f"  {item['rank']}. [bold]{item['action']}[/] as {item['treatment']}: {reasons}"
            console.print(line, soft_wrap=True)


def value_table(values: DemoValues, *, currency: str) -> Table:
    """Truth and estimate of every policy, side by side."""
    table = Table(
        title=f"Money per decision, {currency}, at the {values.n_decisions:,} decisions of the evaluated part",
        caption="truth: the generator's; estimate: doubly robust, from the log alone, with its 95 % interval",
    )
    table.add_column("policy")
    for heading in ("truth", "estimate", "interval holds the truth"):
        table.add_column(heading, justify="right")
    for line in values.lines:
        table.add_row(line.name, f"{line.truth:.2f}", *_estimated(line))
    return table


def _estimated(line: PolicyLine) -> tuple[str, str]:
    if line.estimate is None:
        return "", ""
    found = line.estimate
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]", "yes" if line.covered else "no"


def gap_in_words(values: DemoValues) -> str:
    """How much of what could be gained over the best constant action was gained."""
    if values.gap_closed is None:
        return "The best constant action is as good as the oracle here: there is nothing to gain."
    return f"The retrained policy closes {values.gap_closed:.0%} of the gap between the best constant and the oracle."


def show_next(console: Console, home: Path, workspace: Path) -> None:
    """Where to look next."""
    console.print("[bold]Where to look next[/]")
    console.print(f"  tsugi serve --home {home} --workspace {workspace}   (or: make serve)")
    console.print(f"  mlflow ui --backend-store-uri sqlite:///{home}/mlflow.db   (or: make ui)")
    console.print("  docs/glossary.md, docs/adr/, docs/benchmarks.md")
