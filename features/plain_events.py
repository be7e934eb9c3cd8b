"""Plain events of one type and name, read side by side: what `plain_event` asks of each is asked of all at once."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from orjson import JSONDecodeError, loads

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
    message_ids: Sequence[str]
    named: list[tuple[str, str]]
    occurred_us: Times
    properties: Sequence[dict[str, Any]]
    timezones: list[str]


class Columns(NamedTuple):
    """What lines of one type and name say, as it was sent, side by side. Parameters: `places`, of the lines."""

    places: Sequence[int]
    message_ids: Sequence[Any]
    users: Sequence[Any]
    anonymous: Sequence[Any]
    timestamps: Sequence[Any]
    properties: Sequence[Any]
    contexts: Sequence[Any]
    tell_when_sent: Sequence[bool]


def alike(lines: Sequence[bytes]) -> Iterator[tuple[Any, Any, Columns]]:
    """Lines by type and name; none of what is no object, or whose type or name is a list or an object.

    Everything is taken from a line while it is fresh; what is not needed is let go of at once.
    """
    told: defaultdict[tuple[Any, Any], list[tuple[Any, ...]]] = defaultdict(list)
    for place, line in enumerate(lines):
        try:
            raw = loads(line)
        except JSONDecodeError:
            continue
        if type(raw) is dict:
            get = raw.get
            kind = get("type")
            try:
                some = told[kind, get("event") if kind == "track" else get("name")]
            except TypeError:
                continue
            some.append(
                (
                    place,
                    get("messageId"),
                    get("userId"),
                    get("anonymousId"),
                    get("timestamp"),
                    get("properties"),
                    get("context"),
                    "sentAt" in raw,
                )
            )
    for (kind, name), rows in told.items():
        yield kind, name, Columns(*zip(*rows, strict=True))


def plain_events(kind: Any, name: Any, told: Columns, *, latest: datetime) -> PlainEvents | None:
    """Events of one type and name, where every one of them is plain. Parameters: as of `plain_event`."""
    if name is None:
        name = ""
    if not (
        type(kind) is type(name) is str and kind in NAMED and len(name) <= MAX_LENGTH and (name or kind != "track")
    ):
        return None
    message_ids, named, properties = _texts(told.message_ids), _named(told), _properties(told.properties)
    occurred_us = moments_us(told.timestamps, latest)
    if message_ids is None or "" in message_ids or named is None or properties is None or occurred_us is None:
        return None
    if name in STANDARD_NAMES and not all(is_right_answer({"properties": said}, kind, name) for said in properties):
        return None
    return PlainEvents(kind, name, message_ids, named, occurred_us, properties, _zones(told.contexts))


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


def _named(told: Columns) -> list[tuple[str, str]] | None:
    users, anonymous = _texts(told.users, or_nothing=True), _texts(told.anonymous, or_nothing=True)
    if users is None or anonymous is None:
        return None
    named = list(zip(users, anonymous, strict=True))
    return None if ("", "") in named else named


def _texts(given: Sequence[Any], *, or_nothing: bool = False) -> Sequence[str] | None:
    """The text of each, "" where there is none; None where one of them is something else, or too long."""
    kinds = set(map(type, given))
    if not kinds <= (_TEXT_OR_NOTHING if or_nothing else _TEXT):
        return None
    texts = given if kinds == _TEXT else [text or "" for text in given]
    return texts if max(map(len, texts)) <= MAX_LENGTH else None


def _properties(given: Sequence[Any]) -> Sequence[dict[str, Any]] | None:
    kinds = set(map(type, given))
    if not kinds <= _OBJECT_OR_NOTHING:
        return None
    return given if kinds == _OBJECT else [said or _NOTHING for said in given]


def _zones(contexts: Sequence[Any]) -> list[str]:
    if not any(contexts):
        return []
    zones = [timezone_of({"context": context}) for context in contexts]
    return zones if any(zones) else []
