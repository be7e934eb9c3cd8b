"""What tests of the catalogue, or its holdout, say so far: from the decisions that are over, beside each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from decisioning.errors import NotFoundError
from pipelines.composition import Composition, compose
from training.dataset import DecisionLogFrame
from training.decision_log import read_decision_log
from training.figures import with_interval
from training.variant_value import ComparedVariants, VariantValue, read_assigned, value_of, value_of_arms

SUSPICIOUS = 0.001
"""A sample ratio that chance alone so rarely brings about says that the assignment, or the log, is broken."""


@dataclass(frozen=True, slots=True)
class VariantReport:
    """Every test of the catalogue, or every arm of its holdout.

    Parameters: `n_open`, decisions whose window is not over yet.
    """

    tests: Sequence[ComparedVariants]
    currency: str
    n_open: int


def evaluate_variants(home: Path, workspace: Path, *, as_of: datetime | None = None) -> VariantReport:
    """Look at every test of the workspace's catalogue. Raises `NotFoundError` where it has none."""
    with compose(home, workspace) as composition:
        return _report(composition, as_of or composition.clock())


def evaluate_arms(home: Path, workspace: Path, *, as_of: datetime | None = None) -> VariantReport:
    """What deciding earned beside every arm of the holdout. Raises `NotFoundError` where nobody is held out."""
    with compose(home, workspace) as composition:
        catalog = composition.catalog.catalog
        if not any(catalog.holdout.shares.values()):
            raise NotFoundError("the catalogue holds nobody out: no arm has a share", field="holdout")
        frame = _frame(composition, as_of or composition.clock())
        found = value_of_arms(catalog.holdout, frame, confidence=composition.workspace.gate.confidence)
        return VariantReport(found, catalog.currency, frame.n_censored)


def _frame(composition: Composition, as_of: datetime) -> DecisionLogFrame:
    catalog, goal, names = composition.catalog.catalog, composition.workspace.goal, composition.features.names
    return read_decision_log(composition.ledger, catalog, goal, as_of=as_of, feature_names=names[:1])


def _report(composition: Composition, as_of: datetime) -> VariantReport:
    catalog = composition.catalog.catalog
    if not catalog.tests:
        raise NotFoundError("the catalogue has no tests", field="tests")
    frame = _frame(composition, as_of)
    assigned, confidence = read_assigned(composition.ledger), composition.workspace.gate.confidence
    found = [value_of(catalog.tests[name], frame, assigned, confidence=confidence) for name in sorted(catalog.tests)]
    return VariantReport(found, catalog.currency, frame.n_censored)


def variants_in_words(report: VariantReport) -> str:
    """The report, a line for each variant."""
    return "\n".join(_lines(report))


def _lines(report: VariantReport) -> Iterator[str]:
    for each in report.tests:
        yield f"{each.test}: {_ratio(each.sample_ratio)}"
        yield from (f"  {_words(variant, each, report.currency)}" for variant in each.variants)
        if each.n_left_out:
            yield f"  {each.n_left_out:,} customers were in several variants, and are left out"
    if report.n_open:
        yield f"{report.n_open:,} decisions are not over yet"


def _ratio(chance: float | None) -> str:
    if chance is None:
        return "no decision of it is over"
    if chance < SUSPICIOUS:
        return f"customers are not divided as the shares say (p = {chance:.1e}): what follows cannot be relied on"
    return f"customers are divided as the shares say (p = {chance:.3f})"


def _words(variant: VariantValue, test: ComparedVariants, currency: str) -> str:
    told = f"{variant.n_customers:,} customers, {variant.n_decisions:,} decisions, {variant.accepted:.1%} accepted"
    earned = f"{with_interval(variant.money)} {currency} per decision"
    first = test.variants[0].variant
    more = f", {with_interval(variant.more, signed=True)} more than {first}" if variant.more else ""
    return f"{variant.variant}: {told}, {earned}{more}"
