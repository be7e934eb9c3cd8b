"""Says what came from each source, and whether it is fit to be learnt from."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from features.home import Home
from features.ledger import Ledger
from features.quality.fields import FieldQuality
from features.quality.report import SourceQuality, quality_of
from features.quality.stability import Stability
from features.workspace import Workspace
from pipelines.clock import system_clock

SHOWN = 8
"""Fields that are shown of each source; the JSON has them all."""


@dataclass(frozen=True, slots=True)
class QualityReport:
    """The quality of each source at a moment. Parameters: `parties`, of the sources that the workspace names."""

    at: datetime
    parties: dict[str, str]
    sources: list[SourceQuality]


def quality_report(home: Path, workspace: Path, *, source: str | None = None) -> QualityReport:
    """The quality of everything that came into a home, or of one source."""
    named = Workspace.load(workspace).sources.by_name
    with Ledger(Home(home).create().ledger) as ledger:
        found = quality_of(ledger, source)
    return QualityReport(system_clock(), {each.source: _party(each, named) for each in found}, found)


def _party(quality: SourceQuality, named: Any) -> str:
    known = named.get(quality.source)
    return f"{known.party} party" if known else "not named in tsugi.toml"


def quality_as_dict(report: QualityReport) -> dict[str, Any]:
    """The report for machines, with what moved told."""
    plain = asdict(report)
    for told, source in zip(plain["sources"], report.sources, strict=True):
        for field, quality in zip(told["fields"], source.fields, strict=True):
            field["moved"] = quality.stability.moved if quality.stability else None
    return plain


def quality_in_words(report: QualityReport) -> str:
    """A paragraph a source."""
    if not report.sources:
        return "nothing came in"
    return "\n".join(line for source in report.sources for line in _lines(source, report))


def _lines(source: SourceQuality, report: QualityReport) -> Iterator[str]:
    yield f"{source.source} ({report.parties[source.source]})"
    refused, warned = _counted(source.rejected), _counted(source.warned)
    yield f"  rows {source.rows:,}, duplicates {source.duplicates:,}, rejected {refused}, warned {warned}"
    if source.newest_at is not None and source.received_at is not None:
        ages = [_age(report.at - at) for at in (source.newest_at, source.received_at)]
        yield f"  freshness: the newest event happened {ages[0]} ago; something last came {ages[1]} ago"
    gaps = sorted((each for each in source.fields if each.filled < 1), key=lambda each: each.filled)
    if source.fields:
        yield f"  completeness, of {source.sample:,} events: {_gaps(gaps, len(source.fields))}"
    if source.split_at is not None:
        yield f"  drift, before and after {source.split_at:%Y-%m-%d}: {_drift(source.fields)}"


def _counted(counts: dict[str, int]) -> str:
    told = ", ".join(f"{n:,} {code}" for code, n in counts.items())
    return f"{sum(counts.values()):,} ({told})" if counts else "0"


def _age(age: timedelta) -> str:
    return f"{age.days:,} days" if age.days else f"{age.seconds // 3600} h {age.seconds // 60 % 60} min"


def _gaps(gaps: list[FieldQuality], n_fields: int) -> str:
    if not gaps:
        return f"all {n_fields} fields always filled"
    return ", ".join(f"{each.event} {each.field} {each.filled:.0%}" for each in gaps[:SHOWN])


def _drift(fields: list[FieldQuality]) -> str:
    judged = [(each, each.stability) for each in fields if each.stability is not None]
    if not judged:
        return "too few rows to say"
    moved = sorted(((each, found) for each, found in judged if found.moved), key=lambda pair: -pair[1].psi)
    told = [f"{each.event} {each.field} {_psi(found)}" for each, found in moved[:SHOWN]]
    return "; ".join(told) if told else f"none of {len(judged)} fields moved"


def _psi(found: Stability) -> str:
    rows = f"{found.n_earlier:,} and {found.n_later:,} rows"
    return f"PSI {found.psi:.2f} (by chance below {found.by_chance:.3f}; {rows})"
