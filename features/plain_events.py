"""Plain events of one type and name, read side by side: what `plain_event` asks of each is asked of all at once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from features.identifier import MAX_LENGTH
from features.owners import Times
from features.plain_event import NAMED, is_right_answer
from features.record import timezone_of
from features.segment import STANDARD_NAMES

_EXACT_US = float(2**51)
"""Up to here, until 2041, the nearest number of seconds still tells the microsecond."""
_TEXT, _TEXT_OR_NOTHING, _OBJECT_OR_NOTHING = {str}, {str, type(None)}, {dict, type(None)}
_OBJECT = {dict}
_NOTHING: dict[str, Any] = {}


class PlainEvents(NamedTuple):
    """Events of one type and name, as `PlainEvent` has each. Parameters: `timezones`, empty where none names one."""

    type: str
    name: str
    message_ids: list[str]
    named: list[tuple[str, str]]
    occurred_us: Times
    properties: list[dict[str, Any]]
    timezones: list[str]


def alike(raws: Sequence[Any]) -> Iterator[tuple[Any, Any, list[int]]]:
    """Objects by type and name, with their places; nothing at all where a type or name is a list or an object."""
    places: defaultdict[tuple[Any, Any, Any], list[int]] = defaultdict(list)
    try:
        for place, raw in enumerate(raws):
            if type(raw) is dict:
                get = raw.get
                places[get("type"), get("event"), get("name")].append(place)
    except TypeError:
        return
    for (kind, event, name), some in places.items():
        yield kind, event if kind == "track" else name, some


def plain_events(kind: Any, name: Any, raws: Sequence[dict[str, Any]], *, latest: datetime) -> PlainEvents | None:
    """Events of one type and name, where every one of them is plain. Parameters: as of `plain_event`."""
    if name is None:
        name = ""
    if not (type(kind) is type(name) is str and kind in NAMED and len(name) <= MAX_LENGTH):
        return None
    if not (name or kind != "track") or not (
        name not in STANDARD_NAMES or all(is_right_answer(raw, kind, name) for raw in raws)
    ):
        return None
    message_ids, named, properties = _texts(raws, "messageId"), _named(raws), _properties(raws)
    occurred_us = moments_us([raw.get("timestamp") for raw in raws], latest)
    if message_ids is None or "" in message_ids or named is None or properties is None or occurred_us is None:
        return None
    return PlainEvents(kind, name, message_ids, named, occurred_us, properties, _zones(raws))


def moments_us(given: Sequence[Any], latest: datetime) -> Times | None:
    """Microseconds since the epoch of moments in UTC, at least one; None where one is no such moment, or not over.

    >>> moments_us(["1970-01-01T00:00:01Z", "1970-01-01T00:00:00.000002+00:00"], datetime.now(UTC)).tolist()
    [1000000, 2]
    >>> moments_us(["1970-01-01T00:00:01"], datetime.now(UTC))
    """
    try:
        moments = list(map(datetime.fromisoformat, given))
    except (TypeError, ValueError):
        return None
    if {moment.tzinfo for moment in moments} != {UTC} or max(moments) > latest:
        return None
    occurred_us = np.rint(np.array(list(map(datetime.timestamp, moments))) * 1e6)
    return occurred_us.astype(np.int64) if np.abs(occurred_us).max() < _EXACT_US else None


def _named(raws: Sequence[dict[str, Any]]) -> list[tuple[str, str]] | None:
    users, anonymous = _texts(raws, "userId", or_nothing=True), _texts(raws, "anonymousId", or_nothing=True)
    if users is None or anonymous is None:
        return None
    named = list(zip(users, anonymous, strict=True))
    return None if ("", "") in named else named


def _texts(raws: Sequence[dict[str, Any]], key: str, *, or_nothing: bool = False) -> list[str] | None:
    """The text of each, "" where there is none; None where one of them is something else, or too long."""
    texts: list[Any] = [raw.get(key) for raw in raws]
    kinds = set(map(type, texts))
    if not kinds <= (_TEXT_OR_NOTHING if or_nothing else _TEXT):
        return None
    if kinds != _TEXT:
        texts = [text or "" for text in texts]
    return texts if max(map(len, texts)) <= MAX_LENGTH else None


def _properties(raws: Sequence[dict[str, Any]]) -> list[dict[str, Any]] | None:
    properties: list[Any] = [raw.get("properties") for raw in raws]
    kinds = set(map(type, properties))
    if not kinds <= _OBJECT_OR_NOTHING:
        return None
    return properties if kinds == _OBJECT else [said or _NOTHING for said in properties]


def _zones(raws: Sequence[dict[str, Any]]) -> list[str]:
    zones = list(map(timezone_of, raws)) if any("context" in raw for raw in raws) else []
    return zones if any(zones) else []
