"""Values a policy that ranks on a table of rankings, and tells it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from decisioning.errors import InvalidInputError
from pipelines.model_table.file import read_table
from pipelines.report_page import Page, write_page
from training.bootstrap import Estimate
from training.encoding import Floats
from training.figures import with_interval
from training.off_policy.ranking import RANKING_ESTIMATORS, RANKING_VALUES
from training.off_policy.ranking_log import RankingColumns, rankings_of
from training.off_policy.replicates import Replicates
from training.off_policy.report import Line
from training.overlap import drifted, effective_size, weight_problems
from training.plots import estimates_plot

INDEPENDENT = "independent_ips"
NEEDED = ("ranking", "position", "probability", "target_probability", "reward")
ASSUMES = {
    "standard_ips": "a place's reward may depend on the whole ranking",
    "cascade_ips": "on the places above it",
    INDEPENDENT: "on its own action alone",
}


@dataclass(frozen=True, slots=True)
class RankingLine:
    """One estimator.

    Parameters: `by_customer`, its value per ranking; `effective`, rankings that its weights leave; `problems`, why it
    may not be believed, in plain words.
    """

    by_customer: Estimate | None
    independent: tuple[float, float] | None
    effective: float
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RankingValue:
    """A ranking policy's value by every estimator, beside what was earned per ranking."""

    rankings: int
    earned: float
    estimates: Mapping[str, RankingLine]


def evaluate_rankings(log: Path, columns: Mapping[str, str | None], *, html: Path | None, as_json: bool) -> None:
    """Print what a policy that ranks is worth, and write the page where one is asked for.

    Raises `InvalidInputError` where a column is not named or not there.
    """
    missing = next((name for name in NEEDED if not columns.get(name)), None)
    if missing:
        raise InvalidInputError(f"with --ranking, name --{missing.replace('_', '-')} too", field=missing)
    named: dict[str, Any] = {name: column for name, column in columns.items() if column}
    found = value_rankings(log, RankingColumns(**named))
    print(json.dumps(asdict(found) | {"notes": notes(found)}) if as_json else in_words(found))
    if html:
        write_page(page_of(found), html)


def value_rankings(log: Path, columns: RankingColumns) -> RankingValue:
    """The policy whose probabilities stand in columns of the table."""
    read = rankings_of(read_table(log), columns)
    names = [name for name in RANKING_ESTIMATORS if read.has_marginals or name != INDEPENDENT]
    values = {name: RANKING_VALUES[name](read.terms) for name in names}
    n = len(read.customers)
    drawn = Replicates.of(np.column_stack([*values.values(), np.ones(n)]), read.customers)
    lines = {}
    for place, name in enumerate(names):
        own = RANKING_ESTIMATORS[name](read.terms).interval()
        ends = (own.low, own.high) if own else None
        ratio = read.terms.ratio(marginal=name == INDEPENDENT)
        weight = ratio.prod(axis=1)
        problems = _problems(weight, ratio[:, 0] if name == INDEPENDENT else weight)
        lines[name] = RankingLine(drawn.ratio(place, len(names)), ends, effective_size(weight), problems)
    return RankingValue(n, float(read.terms.value_of_places.sum(axis=1).mean()), lines)


def _problems(weight: Floats, averaging: Floats) -> tuple[str, ...]:
    """Of the weights (n,) of rankings, and of those that average 1 where the log's probabilities are true (n,)."""
    found = (*weight_problems(weight, what="ranking"), drifted(averaging, 1.0))
    return tuple(problem for problem in found if problem)


def page_of(found: RankingValue) -> Page:
    """The report as a page with its picture."""
    lines = {name: Line(line.by_customer, None, leans_on_model=False) for name, line in found.estimates.items()}
    picture = estimates_plot(lines, per="ranking")
    return Page("A policy on a log of rankings", notes(found), [picture], in_words(found))


def notes(found: RankingValue) -> list[str]:
    """What the log cannot tell, by which estimator and why."""
    unusable = {name: "; ".join(line.problems) for name, line in found.estimates.items() if line.problems}
    return [f"UNUSABLE, the log cannot tell by {name}: {why}" for name, why in unusable.items()]


def in_words(found: RankingValue) -> str:
    """What was earned, and what each estimator says, with what it takes for granted."""
    lines = [f"{found.rankings:,} rankings, which earned {found.earned:.4f} each"]
    for name, line in found.estimates.items():
        seen = f"effective sample {line.effective:,.0f}"
        lines.append(f"{name:<16} {with_interval(line.by_customer)}, {seen}; {ASSUMES[name]}")
    lines += notes(found)
    if INDEPENDENT not in found.estimates:
        lines.append("name --marginal and --target-marginal for the estimator that weighs each place by itself")
    return "\n".join(lines)
