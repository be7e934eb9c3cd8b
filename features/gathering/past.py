"""The whole past of some customers, in parts that fit into memory."""

from collections.abc import Iterable, Iterator

from features.backlog import Backlog, gather
from features.dead_letter import DeadLetters
from features.fact_reader import FactReader
from features.gathering.gathered import PART
from features.record import Record


def backlogs_of(past: Iterable[list[Record]], reader: FactReader, letters: DeadLetters) -> Iterator[Backlog]:
    """What customers' records say, each customer's in one part. Parameters: `past`, the records of one after another.

    >>> list(backlogs_of([], FactReader([]), DeadLetters()))
    []
    """
    held: list[Record] = []
    for records in past:
        held += records
        if len(held) >= PART:
            yield gather(held, reader, letters)
            held = []
    if held:
        yield gather(held, reader, letters)
