"""Reads the tables of an external golden record into the ledger; unchanged rows are there already."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decisioning.errors import InvalidInputError
from features.external_record import ExternalProfiles
from features.intake import Arrival, Receipt
from features.ledger import Ledger
from features.source import EXTERNAL
from pipelines.composition import Composition, compose
from pipelines.external.row import PROFILE, columns_of, content_of, profile_event, track_event
from pipelines.external.table import rows_of


@dataclass(frozen=True, slots=True)
class ExternalRead:
    """What became of the rows of both tables. Parameters: `unchanged`, rows that say what is known already."""

    accepted: int
    unchanged: int
    rejected: int


def ingest_external(home: Path, workspace: Path) -> ExternalRead:
    """As `read_external`, on a home of its own."""
    with compose(home, workspace) as composition:
        return read_external(composition)


def external_in_words(read: ExternalRead) -> str:
    """One line."""
    return f"external golden record: {read.accepted:,} new, {read.unchanged:,} unchanged, {read.rejected:,} rejected"


def read_external(composition: Composition) -> ExternalRead:
    """Read profiles and events as far as they are new; run it again whenever the tables changed.

    Raises: `InvalidInputError` where the workspace has no external golden record, or a table cannot be read.
    """
    golden, folder = composition.workspace.golden_record, composition.workspace.folder
    if golden.profiles is None:
        raise InvalidInputError('the workspace has no [golden_record] of mode "external"', field="golden_record")
    receipt = _read_profiles(composition, golden.profiles)
    if golden.events:
        rows = rows_of(folder / golden.events.path, golden.events, columns_of(golden.events))
        events = golden.events
        receipt += _load(composition, (track_event(row, events) for row in rows), backfill=True)
    composition.projection.catch_up()
    return ExternalRead(receipt.accepted, receipt.duplicates, receipt.n_rejected)


def _read_profiles(composition: Composition, table: ExternalProfiles) -> Receipt:
    rows = rows_of(composition.workspace.folder / table.path, table, columns_of(table))
    events = (profile_event(row, table) for row in rows)
    if table.updated_at:
        return _load(composition, events, backfill=True)
    return _load(composition, _versioned(events, _known(composition.ledger), table.key), backfill=False)


def _load(composition: Composition, events: Iterable[dict[str, Any]], *, backfill: bool) -> Receipt:
    arrival = Arrival(composition.clock(), source=EXTERNAL, backfill=backfill)
    return composition.intake.load(events, arrival)


def _versioned(events: Iterable[dict[str, Any]], known: dict[str, str], key: str) -> Iterator[dict[str, Any]]:
    """Each row with an id that counts the versions of its customer: a value that comes back is news again.

    Raises: `InvalidInputError` where a key stands in the table twice: nothing says which row is the newer one.
    """
    seen: set[str] = set()
    for event in events:
        customer = event["userId"]
        if customer in seen:
            message = f"{key} is not unique: without updated_at, a customer has one row"
            raise InvalidInputError(message, code="ambiguous_key", field=key)
        seen.add(customer)
        content, last = content_of(event), known.get(customer, "")
        version = int(last.rpartition("-")[2]) if last else 0
        is_known = last.startswith(f"{PROFILE}{content}-")
        yield event | {"messageId": last if is_known else f"{PROFILE}{content}-{version + 1}"}


def _known(ledger: Ledger) -> dict[str, str]:
    """The last version of every customer's row, by customer key."""
    with ledger.read() as connection:
        return dict(connection.execute(_VERSIONS, (EXTERNAL, f"{PROFILE}*-*")))


_VERSIONS = """
    SELECT i.value, r.record_id FROM record r JOIN identifier i ON i.node = r.node
    WHERE r.kind = 'event' AND r.source = ? AND r.record_id GLOB ? ORDER BY r.seq
"""
