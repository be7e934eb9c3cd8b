"""What a fit says: to machines as plain values, to people as a model card, and as pictures."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from training.metrics import Quality
from training.plots import gain_curve, reliability_curve
from training.tabular.learn import Learned

REPORT = "report.json"
CARD = "card.md"
RELIABILITY, GAIN = "reliability.png", "gain.png"


@dataclass(frozen=True, slots=True)
class Report:
    """How a table's model came to be.

    Parameters: `chosen`, the candidate; `candidates` with their losses on the rows that compared; `judged`, quality by
    split, the main one first; `base_rate`, share of positives; `settings` of the trees that were tuned.
    """

    table: str
    label: str
    positive: str
    rows: int
    base_rate: float
    columns: dict[str, str]
    left_out: dict[str, str]
    warnings: tuple[str, ...]
    chosen: str
    candidates: tuple[dict[str, Any], ...]
    calibration: str
    trail: int
    judged: dict[str, Quality]
    settings: dict[str, Any]
    fingerprint: str
    version: str
    folder: str
    cpu_seconds: float


def report_of(learned: Learned, table: Path, folder: Path, *, version: str = "") -> Report:
    """The report of what was learned."""
    prepared, choice = learned.prepared, learned.choice
    label = prepared.rows.label
    return Report(
        table=table.name,
        label=prepared.label,
        positive=prepared.positive,
        rows=len(label),
        base_rate=float(label.mean()),
        columns=dict(prepared.plan.kinds),
        left_out={each.column: each.reason for each in prepared.left},
        warnings=tuple(finding.message for finding in prepared.findings) + _unlabelled(prepared.n_unlabelled),
        chosen=choice.candidate.name,
        candidates=tuple(asdict(score) for score in choice.scores),
        calibration=choice.calibration.method,
        trail=choice.trail.window,
        judged={each.split: each.quality for each in learned.judgements},
        settings={"n_trees": choice.tuned.n_trees, **choice.tuned.parameters},
        fingerprint=prepared.fingerprint,
        version=version,
        folder=str(folder),
        cpu_seconds=round(learned.cpu_seconds, 1),
    )


def _unlabelled(count: int) -> tuple[str, ...]:
    return (f"{count:,} rows without a label were left out",) if count else ()


def in_words(report: Report) -> str:
    """What a person wants to know first."""
    kinds = ", ".join(f"{n} {kind}" for kind, n in _counted(report.columns).items())
    lines = [
        f"table      {report.table}: {report.rows:,} rows, {report.base_rate:.1%} {report.label} = {report.positive}",
        f"columns    {kinds}" + "".join(f"; {name} left out ({why})" for name, why in report.left_out.items()),
        *(f"look at    {warning}" for warning in report.warnings),
        f"chosen     {report.chosen}; calibration: {report.calibration}"
        + (f"; the intercept trails the last {report.trail:,} outcomes" if report.trail else ""),
        *(f"judged     {_quality(split, quality)}" for split, quality in report.judged.items()),
        f"model      {report.folder}, version {report.version}, {report.cpu_seconds:.0f} s of CPU",
    ]
    return "\n".join(lines)


def _quality(split: str, quality: Quality) -> str:
    return (
        f"{split}: AUC {auc_in_words(quality)}, log loss {quality.log_loss:.4f}, calibration error "
        f"{quality.calibration_error:.3f} (a perfect model: {quality.calibration_floor:.3f}), {quality.n_rows:,} rows"
    )


def auc_in_words(quality: Quality) -> str:
    """The area under the curve, or why there is none.

    >>> auc_in_words(Quality.of(np.ones(2), np.array([0.4, 0.6])))
    'undefined, all are of one class'
    """
    return "undefined, all are of one class" if np.isnan(quality.auc) else f"{quality.auc:.4f}"


def _counted(kinds: Mapping[str, str]) -> dict[str, int]:
    return {kind: list(kinds.values()).count(kind) for kind in ("number", "category", "date") if kind in kinds.values()}


def card(report: Report) -> str:
    """The model card: what it is for, what it was learned from, how good it is, what it cannot do."""
    candidates = [f"| {c['name']} | {c['loss']:.4f} | {c['auc']:.4f} |" for c in report.candidates]
    judged = [f"- {_quality(split, quality)}" for split, quality in report.judged.items()]
    parts = [
        f"# P({report.label} = {report.positive})",
        f"Version {report.version}. Learned from {report.table}, fingerprint {report.fingerprint}: {report.rows:,} "
        f"rows, {report.base_rate:.2%} positive.",
        "## How good it is\n\nOn rows that took no part in any choice; afterwards it learned from all rows.\n\n"
        + "\n".join(judged),
        "![Reliability](reliability.png) ![Gain](gain.png)",
        "## What was tried\n\nOn other held-out rows; the simpler wins a tie.\n\n"
        "| candidate | log loss | AUC |\n| --- | --- | --- |\n" + "\n".join(candidates),
        f"Chosen: {report.chosen}. Calibration: {report.calibration}.",
        "## Limits\n\nIt holds for rows that come about as these did, and says who is likely, not what changes it.",
        *(["\n".join(f"- {warning}" for warning in report.warnings)] if report.warnings else []),
    ]
    return "\n\n".join(parts) + "\n"


def draw(learned: Learned, folder: Path) -> None:
    """The pictures of the main judgement."""
    main = learned.judgements[0]
    observed = np.asarray(main.label)
    reliability_curve(main.probability, observed, title=f"Reliability: {main.split}").savefig(folder / RELIABILITY)
    gain_curve(main.probability, observed, title=f"Gain: {main.split}").savefig(folder / GAIN)
