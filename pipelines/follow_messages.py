"""The messages between whoever loads a file and who reads along, through two pipes: a kind, a length, a body."""

import os
from collections.abc import Iterator
from datetime import datetime
from struct import Struct
from typing import NamedTuple

import numpy as np
import orjson

from features.backlog import Page
from features.gathering.page_file import packed, unpacked
from features.instant import from_us, to_us
from features.lines_ahead import FoundLines, KeptLines
from features.receipt import Arrival

_HEAD = Struct("<cQ")
READY, ARRIVAL, LINES, FOUND, KEPT, PAGE = b"r", b"a", b"l", b"f", b"k", b"p"
_AT_ONCE = 1 << 20


class Message(NamedTuple):
    """One message."""

    kind: bytes
    body: bytes


def send(pipe: int, message: Message) -> None:
    """Write a message; waits while the other side is busy. Raises `OSError` where nobody listens."""
    for part in (_HEAD.pack(message.kind, len(message.body)), message.body):
        view = memoryview(part)
        while view:
            view = view[os.write(pipe, view[:_AT_ONCE]) :]


def receive(pipe: int) -> Message | None:
    """The next message; None where the other side has closed, even in the midst of one."""
    head = b"".join(_exactly(pipe, _HEAD.size))
    if len(head) < _HEAD.size:
        return None
    kind, size = _HEAD.unpack(head)
    body = b"".join(_exactly(pipe, size))
    return Message(kind, body) if len(body) == size else None


def _exactly(pipe: int, size: int) -> Iterator[bytes]:
    while size and (part := os.read(pipe, min(size, _AT_ONCE))):
        yield part
        size -= len(part)


def of_arrival(arrival: Arrival) -> Message:
    """How the lines came that follow."""
    sent_us = None if arrival.sent_at is None else to_us(arrival.sent_at)
    return Message(ARRIVAL, orjson.dumps([to_us(arrival.received_at), sent_us, arrival.source, arrival.backfill]))


def arrival_in(body: bytes) -> Arrival:
    """As `of_arrival` said."""
    received_us, sent_us, source, backfill = orjson.loads(body)
    sent_at: datetime | None = None if sent_us is None else from_us(sent_us)
    return Arrival(from_us(received_us), sent_at, source, backfill)


def of_found(found: FoundLines) -> Message:
    """What was found in lines."""
    said = orjson.dumps([found.message_ids, found.named, found.anew])
    columns = found.owners.tobytes() + found.occurred_us.tobytes()
    return Message(FOUND, said + b"\n" + columns)


def found_in(body: bytes) -> FoundLines:
    """As `of_found` said."""
    said, _, columns = body.partition(b"\n")
    message_ids, named, anew = orjson.loads(said)
    edge = 4 * len(message_ids)
    owners, occurred_us = np.frombuffer(columns[:edge], dtype=np.int32), np.frombuffer(columns[edge:], dtype=np.int64)
    return FoundLines(message_ids, owners, occurred_us, [(u, a) for u, a in named], anew)


def of_kept(kept: KeptLines) -> Message:
    """What became of lines."""
    said = orjson.dumps([kept.first, kept.last, list(kept.occurred_us.items())])
    return Message(KEPT, said + b"\n" + kept.nodes.tobytes())


def kept_in(body: bytes) -> KeptLines:
    """As `of_kept` said."""
    said, _, nodes = body.partition(b"\n")
    first, last, occurred_us = orjson.loads(said)
    return KeptLines(first, last, np.frombuffer(nodes, dtype=np.int64), dict(occurred_us))


def of_page(first: int, last: int, page: Page) -> Message:
    """What the records [first, last] say, by node."""
    said = orjson.dumps([first, last, len(page.group), len(page.hits.facts)])
    return Message(PAGE, b"".join((said, b"\n", *packed(page))))


def page_in(body: bytes) -> tuple[int, int, Page]:
    """As `of_page` said."""
    said, _, columns = body.partition(b"\n")
    first, last, n_facts, n_hits = orjson.loads(said)
    return first, last, unpacked(columns, n_facts, n_hits)
