"""The quality of each source of a ledger: rows, rejected, duplicates, freshness, and its fields."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import median

import orjson

from features.imports import DUPLICATES, ImportBook
from features.instant import from_us
from features.ledger import Ledger
from features.quality.fields import FieldQuality, Said, qualities
from features.record import EVENT
from features.segment import name_of, properties_of

SAMPLE = 100_000
"""Events of a source that its fields are judged by: evenly spread over all of them."""


@dataclass(frozen=True, slots=True)
class SourceQuality:
    """What came from one source.

    Parameters: `rows`, events kept; `rejected` and `warned`, elements refused, or taken with a note, by code;
    `duplicates`, events of files that were there already (over HTTP they are counted in the service's metrics only);
    `newest_at`, when its last event happened, and `received_at`, when something last came; `sample`, how many events
    `fields` stands on; `split_at`, the moment between the earlier and the later period of their drift.
    """

    source: str
    rows: int
    rejected: dict[str, int]
    warned: dict[str, int]
    duplicates: int
    newest_at: datetime | None
    received_at: datetime | None
    sample: int
    split_at: datetime | None
    fields: list[FieldQuality]


def quality_of(ledger: Ledger, source: str | None = None) -> list[SourceQuality]:
    """The quality of every source, or of one, sorted by name."""
    with ledger.read() as connection:
        rows: dict[str, Counted] = {name: (n, *at) for name, n, *at in connection.execute(_ROWS, (EVENT,)).fetchall()}
    noted = _Noted.read(ledger)
    named = sorted({*rows, *noted.rejected, *noted.warned})
    return [_quality(ledger, name, rows.get(name, (0, None, None)), noted) for name in named if source in (None, name)]


Counted = tuple[int, int | None, int | None]
"""How many events a source has, when the last one happened, and when something last came; microseconds."""


def _quality(ledger: Ledger, source: str, counted: Counted, noted: "_Noted") -> SourceQuality:
    n_rows, newest_us, received_us = counted
    with ledger.read() as connection:
        sample = connection.execute(_SAMPLE, (EVENT, source, max(n_rows // SAMPLE, 1))).fetchall()
    split_us = int(median(occurred_us for _, occurred_us in sample)) if sample else None
    return SourceQuality(
        source,
        n_rows,
        noted.rejected.get(source, {}),
        noted.warned.get(source, {}),
        noted.duplicates[source],
        newest_at=None if newest_us is None else from_us(newest_us),
        received_at=None if received_us is None else from_us(received_us),
        sample=len(sample),
        split_at=None if split_us is None else from_us(split_us),
        fields=qualities(_said(sample, split_us or 0)),
    )


@dataclass(frozen=True, slots=True)
class _Noted:
    """What is noted beside the events, by source: rejects and warnings by code, and duplicates of files."""

    rejected: dict[str, dict[str, int]]
    warned: dict[str, dict[str, int]]
    duplicates: Counter[str]

    @classmethod
    def read(cls, ledger: Ledger) -> "_Noted":
        noted: tuple[dict[str, dict[str, int]], dict[str, dict[str, int]]] = ({}, {})
        with ledger.read() as connection:
            for source, code, taken, n in connection.execute(_REFUSED).fetchall():
                noted[taken].setdefault(source, {})[code] = n
        duplicates: Counter[str] = Counter()
        for imported in ImportBook(ledger).all():
            duplicates[imported.source] += imported.tally.get(DUPLICATES, 0)
        return cls(*noted, duplicates)


def _said(sample: list[tuple[bytes, int]], split_us: int) -> Iterator[Said]:
    for body, occurred_us in sample:
        event = orjson.loads(body)
        name = name_of(event, event["type"])
        said = properties_of(event, event["type"], name)
        yield (name if event["type"] == "track" else event["type"]), said, occurred_us > split_us


_ROWS = """
    SELECT source, count(*), max(occurred_us), max(received_us) FROM record WHERE kind = ? GROUP BY source
"""
_REFUSED = "SELECT source, code, taken, count(*) FROM reject GROUP BY source, code, taken ORDER BY source, code"
_SAMPLE = "SELECT body, occurred_us FROM record WHERE kind = ? AND source = ? AND seq % ? = 0"
