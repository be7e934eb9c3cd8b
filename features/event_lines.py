"""Streams of raw events: lines of JSON or objects, in batches, each with its place from 0."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Undecodable:
    """A line that is not JSON, and why."""

    line: bytes
    reason: str


def batches(raw_events: Iterable[Mapping[str, Any] | bytes], size: int) -> Iterator[list[Mapping[str, Any] | bytes]]:
    """The stream in lists of at most `size`."""
    stream = iter(raw_events)
    while batch := list(islice(stream, size)):
        yield batch


def decoded(batch: Sequence[Mapping[str, Any] | bytes], start: int) -> Iterator[tuple[int, Any, bytes]]:
    """Each raw event with its place, counted from `start`, and its line (b"" of an object); blank ones are left out."""
    for place, raw in enumerate(batch, start):
        if not isinstance(raw, bytes):
            yield place, raw, b""
        elif line := raw.strip():
            yield place, _json(line), line


def _json(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Undecodable(line, str(error))


def raw_bytes(raw: Any) -> bytes:
    """What to keep of something refused: the line, or its JSON, or how Python shows it."""
    if isinstance(raw, Undecodable):
        return raw.line
    try:
        return orjson.dumps(raw, default=str)
    except TypeError:
        return repr(raw).encode(errors="replace")
