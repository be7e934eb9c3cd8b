"""The maps of journeys as tables for the terminal."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

Document = dict[str, Any]
FEW = " few"
"""What marks a number of too few cases to act upon."""


def print_journeys(document: Document, *, console: Console) -> None:
    """Print every journey: stages, ways, paths, pain points, goals."""
    for journey in document["journeys"]:
        period = f"{document['since'][:10]} to {document['until'][:10]}"
        console.print(f"\n[bold]{journey['journey']}[/bold]: {escape(journey['description'])} ({period})")
        now = ", ".join(f"{n:,} {place}" for place, n in journey["now"].items() if n)
        console.print(f"Score {estimate(journey['score'])} of 100. Now: {now or 'nobody'}.")
        for table in (_stages(journey), _touches(journey), _ways(journey), _paths(journey), _pains(journey, document)):
            if table.row_count:
                console.print(table)
        for goal in journey["goals"]:
            said = ", ".join(f"{n} {verdict}" for verdict, n in sorted(goal["targets"].items())) or "none measured"
            console.print(f"Goal {goal['goal']} ({escape(goal['meaning'])}): targets {said}.")


def _table(title: str, left: Iterable[str], right: Iterable[str]) -> Table:
    table = Table(title=title, title_justify="left", title_style="italic")
    for name in left:
        table.add_column(name)
    for name in right:
        table.add_column(name, justify="right")
    return table


def _stages(journey: Document) -> Table:
    titles = ("customers", "entries", "now", "onward", "median days", "complaints each", "NPS", "score")
    table = _table("Stages (95 % intervals)", ["stage"], titles)
    for each in journey["stages"]:
        table.add_row(
            f"{each['stage']}{' (setback)' if each['setback'] else ''}",
            *(f"{each[name]:,}" for name in ("customers", "entries", "now")),
            estimate(each["conversion"], percent=True),
            estimate(each["days"]["p50"]),
            estimate(each["complaints_per_customer"], digits=2),
            estimate(each["nps"]),
            estimate(each["score"]),
        )
    return table


def _touches(journey: Document) -> Table:
    channels = list(journey["stages"][0]["touches"])
    table = _table("Touchpoints per customer in the stage", ["stage"], channels)
    for each in journey["stages"] if channels else []:
        counts = each["touches"].values()
        table.add_row(
            each["stage"], *("-" if c["per_customer"] is None else f"{c['per_customer']:.2f}" for c in counts)
        )
    return table


def _ways(journey: Document, *, most: int = 12) -> Table:
    table = _table(f"Ways taken (the {most} most frequent)", ["from", "to"], ["times", "median days"])
    for way in journey["transitions"][:most]:
        table.add_row(way["from"], way["to"], f"{way['n']:,}", f"{way['median_days']:.1f}")
    return table


def _paths(journey: Document, *, most: int = 8) -> Table:
    title = f"Paths (first visits), and who came to {journey['end']} from them (the {most} most frequent)"
    table = _table(title, ["path"], ["customers", f"to {journey['end']}"])
    for path in journey["paths"][:most]:
        table.add_row(" > ".join(path["stages"]), f"{path['customers']:,}", estimate(path["reached"], percent=True))
    return table


def _pains(journey: Document, document: Document) -> Table:
    titles = ("target", "measured", "customers", document["currency"])
    table = _table("Pain points, the worst first", ["stage", "what", "verdict"], titles)
    table.add_column("behind it")
    for pain in journey["pain_points"]:
        percent = pain["kind"] == "leave"
        table.add_row(
            pain["stage"],
            pain["kind"],
            pain["verdict"],
            number(pain["target"], percent=percent, digits=2),
            estimate(pain["measured"], percent=percent, digits=2),
            f"{pain['customers']:z,.0f} ({pain['customers_low']:z,.0f} to {pain['customers_high']:z,.0f})",
            "-" if pain["value"] is None else f"{pain['value']:,.0f}",
            ", ".join(f"{name} {n:,}" for name, n in list(pain["behind"].items())[:3]),
        )
    return table


def estimate(each: Document, *, percent: bool = False, digits: int = 1) -> str:
    """An estimate and its interval; `few` where there are too few cases.

    >>> estimate({"n": 40, "value": 0.25, "low": 0.1, "high": None, "few": False}, percent=True)
    '25.0 % (10.0 to -)'
    """
    if each["value"] is None:
        return "-"
    low, high = (number(each[end], percent=percent, digits=digits, unit="") for end in ("low", "high"))
    interval = "" if each["low"] is None and each["high"] is None else f" ({low} to {high})"
    return f"{number(each['value'], percent=percent, digits=digits)}{interval}{FEW if each['few'] else ''}"


def number(value: float | None, *, percent: bool = False, digits: int = 1, unit: str = " %") -> str:
    """A number, or a share in percent; "-" where there is none."""
    if value is None:
        return "-"
    return f"{100 * value:.1f}{unit}" if percent else f"{value:,.{digits}f}"
