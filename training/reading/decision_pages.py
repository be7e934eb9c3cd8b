"""The ledger's decisions a page at a time, fetched by a second thread while the page before is worked on."""

from collections.abc import Iterator, Sequence
from itertools import islice, takewhile
from typing import NamedTuple

from features.draws import Draws, first_drawn
from features.ledger import Ledger
from features.record import DECISION, Record
from training.aside import ahead

PAGE = 4_096
"""Decisions that are read at once."""


class Repeat(NamedTuple):
    """A decision that repeats the draws of another one. Parameters: `drawn`, that one's id; `decided_us`, its own."""

    drawn: str
    decided_us: int


Repeats = dict[str, Repeat]
"""By the ids of the decisions that repeat."""


class Extent(NamedTuple):
    """The decisions of a ledger, or those from a moment on (`since_us`; None: all).

    Parameters: `n`, how many; `first` and `last`, their first and last sequence numbers, 0 where there are none.
    """

    n: int
    first: int
    last: int
    since_us: int | None = None


def extent(ledger: Ledger, *, since_us: int | None = None) -> Extent:
    """How far the decisions reach, from a moment on or all of them."""
    query, given = (_ALL, (DECISION,)) if since_us is None else (_SINCE, (DECISION, since_us))
    n, first, last = ledger.look(query, given) or (0, None, None)
    return Extent(n, first or 0, last or 0, since_us)


def count_until(ledger: Ledger, until_us: int) -> int:
    """How many decisions were made up to a moment, those that repeat others' draws among them."""
    (count,) = ledger.look(_UNTIL, (DECISION, until_us)) or (0,)
    return int(count)


def pages(ledger: Ledger, within: Extent, *, until_us: int, repeats: Repeats) -> Iterator[list[Record]]:
    """The decisions within an extent and up to a moment, as they lie in the ledger.

    Parameters: `repeats`, to which those are added that were not drawn for themselves, and are left out.
    """
    there = takewhile(lambda record: record.seq <= within.last, ledger.records(within.first - 1, kinds=[DECISION]))
    return ahead(_paged(_drawn(ledger, there, within, until_us, repeats)))


def pages_of(ledger: Ledger, seqs: Sequence[int]) -> Iterator[list[Record]]:
    """The decisions of these sequence numbers, in their order; one that was erased meanwhile is not there."""
    parts = (ledger.records_at(seqs[start : start + PAGE]) for start in range(0, len(seqs), PAGE))
    return ahead(page for page in parts if page)


def _paged(records: Iterator[Record]) -> Iterator[list[Record]]:
    while page := list(islice(records, PAGE)):
        yield page


def _drawn(
    ledger: Ledger, records: Iterator[Record], within: Extent, until_us: int, repeats: Repeats
) -> Iterator[Record]:
    """The decisions that were drawn for themselves: of those that share their draws, the first of all alone."""

    def earlier(body: bytes, decision_id: str) -> str:
        with ledger.read() as connection:
            return first_drawn(connection, body, decision_id)[0]

    since_us = within.since_us
    draws = Draws() if since_us is None else Draws(earlier)
    for record in records:
        is_within = (since_us is None or record.occurred_us >= since_us) and record.occurred_us <= until_us
        if not is_within:
            continue
        drawn = draws.first(record.body, record.record_id)
        if drawn == record.record_id:
            yield record
        else:
            repeats[record.record_id] = Repeat(drawn, record.occurred_us)


_ALL = "SELECT count(*), min(seq), max(seq) FROM record WHERE kind = ?"
_SINCE = f"{_ALL} AND occurred_us >= ?"
_UNTIL = "SELECT count(*) FROM record WHERE kind = ? AND occurred_us <= ?"
