"""A policy's value on a log, told: as text, as plain data, and as a page that needs no network."""

import io
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.policy_table.value import LogValue
from pipelines.report_page import Page
from training.evaluation_report import evaluation_json, policy_table
from training.figures import with_interval
from training.plots import estimates_plot, policy_values, weights_plot
from training.uplift.table_policy import POLICY

WIDTH = 200
FLATTERED = "the policy was learned from this very log, which flatters it; trust what `tsugi policy fit` said"

NO_CONTEXT = (
    "no column of context was there: IPS and SNIPS need none; what leans on a model expects of every decision what its "
    "action earns on average"
)


def print_report(found: LogValue, *, as_json: bool) -> None:
    """Print the report, for people or for machines."""
    print(json.dumps(report_json(found)) if as_json else report_text(found))


def report_json(found: LogValue) -> dict[str, Any]:
    """Everything as plain data, unrounded."""
    estimates = {name: asdict(line) for name, line in found.valued.estimates.items()}
    return {**evaluation_json(found.valued.evaluation), "estimates": estimates, "notes": list(notes(found))}


def report_text(found: LogValue) -> str:
    """The notes, the policy's estimates, and the table of all policies."""
    written = io.StringIO()
    console = Console(file=written, width=WIDTH, force_terminal=False, markup=False, emoji=False)
    for note in notes(found):
        console.print(note, highlight=False)
    console.print(_estimates(found))
    console.print(policy_table(found.valued.evaluation))
    return "\n".join(line.rstrip() for line in written.getvalue().splitlines())


def notes(found: LogValue) -> Iterable[str]:
    """Whether the log can tell, in plain words, and what else to know."""
    covered = found.valued.evaluation.policies[POLICY].overlap
    seen = f"effective sample of {covered.effective_sample_size:,.0f} in {covered.n_decisions:,} decisions"
    if covered.usable:
        yield f"the log can tell: {seen}, largest weight {covered.largest_weight:.1f}"
    else:
        yield f"UNUSABLE, the log cannot tell: {'; '.join(covered.problems)}"
    for action, share in found.valued.untold.items():
        if share:
            yield f"cannot be told: the log never chose {action!r}, the policy does in {share:.1%} of decisions"
    if found.same_log:
        yield FLATTERED
    if not found.has_context:
        yield NO_CONTEXT


def _estimates(found: LogValue) -> Table:
    table = Table(title="The policy by every estimator", caption="* leans on the model: too sure of itself")
    for heading in ("estimator", "value [95 % by customer]", "95 % of independent decisions"):
        table.add_column(heading, justify="left" if heading == "estimator" else "right")
    for name, line in found.valued.estimates.items():
        own = line.independent
        ends = f"[{own.low:.3f}, {own.high:.3f}]" if own else "–"
        table.add_row(f"{name}{'*' if line.leans_on_model else ''}", with_interval(line.by_customer), ends)
    return table


def page_of(found: LogValue) -> Page:
    """The report as a page with its pictures."""
    valued = found.valued
    pictures = (policy_values(valued.evaluation), estimates_plot(valued.estimates), weights_plot(valued.weight))
    return Page("A policy on a log", tuple(notes(found)), pictures, report_text(found))
