"""Streams of raw events: lines of JSON or objects, in batches, each with its place from 0."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson

from features.rejection import RejectedEventError


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A line that is not JSON, and why."""

    line: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An element of a file that could not even become an event: why, and what was there."""

    error: RejectedEventError
    line: bytes = b""


RawEvent = Mapping[str, Any] | bytes | Refused
"""An event as it comes out of a file: an object, a line of JSON, or what was refused before it became one."""


def batches(raw_events: Iterable[RawEvent], size: int) -> Iterator[list[RawEvent]]:
    """The stream in lists of at most `size`."""
    stream = iter(raw_events)
    while batch := list(islice(stream, size)):
        yield batch


def decoded(batch: Sequence[RawEvent], start: int) -> Iterator[tuple[int, Any, bytes]]:
    """Each raw event with its place, counted from `start`, and its line (b"" of an object); blank ones are left out."""
    for place, raw in enumerate(batch, start):
        if not isinstance(raw, bytes):
            yield place, raw, b""
        elif line := raw.strip():
            yield place, decoded_line(line), line


def decoded_line(line: bytes) -> Any:
    """The JSON of a line, or why it is none."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Undecodable(line, str(error))


def raw_bytes(raw: Any) -> bytes:
    """What to keep of something refused: the line, or its JSON, or how Python shows it."""
    if isinstance(raw, Undecodable | Refused):
        return raw.line
    try:
        return orjson.dumps(raw, default=str)
    except TypeError:
        return repr(raw).encode(errors="replace")
