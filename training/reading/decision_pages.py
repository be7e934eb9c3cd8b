"""The ledger's decisions a page at a time, fetched by a second thread while the page before is worked on."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice, takewhile

from features.draws import Draws
from features.ledger import Ledger
from features.record import DECISION, Record
from training.aside import ahead

PAGE = 4_096
"""Decisions that are read at once."""


def extent(ledger: Ledger) -> tuple[int, int]:
    """How many decisions there are, and the last one's sequence number."""
    with ledger.read() as connection:
        count, last = connection.execute("SELECT count(*), max(seq) FROM record WHERE kind = ?", (DECISION,)).fetchone()
    return count, last or 0


def pages(ledger: Ledger, *, last: int, until_us: int) -> Iterator[list[Record]]:
    """The decisions up to a sequence number and a moment, as they lie in the ledger."""
    there = takewhile(lambda record: record.seq <= last, ledger.records(0, kinds=[DECISION]))
    wanted = _drawn(record for record in there if record.occurred_us <= until_us)
    return ahead(_paged(wanted))


def pages_of(ledger: Ledger, seqs: Sequence[int]) -> Iterator[list[Record]]:
    """The decisions of these sequence numbers, in their order; one that was erased meanwhile is not there."""
    parts = (ledger.records_at(seqs[start : start + PAGE]) for start in range(0, len(seqs), PAGE))
    return ahead(page for page in parts if page)


def _paged(records: Iterator[Record]) -> Iterator[list[Record]]:
    while page := list(islice(records, PAGE)):
        yield page


def _drawn(records: Iterable[Record]) -> Iterator[Record]:
    """The decisions that were drawn for themselves: of those that share their draws, the first alone."""
    draws = Draws()
    return (record for record in records if draws.first(record.body, record.record_id) == record.record_id)
