"""The body of an event: what was sent, as JSON of bounded size with finite numbers only."""

import math
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

import orjson

from features.event_lines import Refused, Undecodable
from features.rejection import RejectedEventError

MAX_BYTES = 32 * 1024
OBJECT = (dict, Mapping)
"""What may stand for a JSON object; dict first, because the abstract class answers slowly."""


def body_of(raw: Mapping[str, Any], line: bytes = b"") -> bytes:
    """The event as JSON, for the ledger.

    Parameters: `line`, what the event was read from, if it was: that is JSON already.
    Raises: `RejectedEventError` with `not_an_object`, `invalid_json`, `too_large` or `not_finite`.
    """
    if not isinstance(raw, OBJECT):
        raise _no_object(raw)
    if 0 < len(line) <= MAX_BYTES:
        return line
    try:
        body = orjson.dumps(raw if isinstance(raw, dict) else dict(raw))
    except TypeError as error:
        raise RejectedEventError("invalid_json", "", f"the event cannot be written as JSON: {error}") from error
    if len(body) > MAX_BYTES:
        raise RejectedEventError("too_large", "", f"the event has {len(body)} bytes; at most {MAX_BYTES} are allowed")
    if b"null" in body:
        _refuse_not_finite(raw)
    return body


def _no_object(raw: object) -> RejectedEventError:
    if isinstance(raw, Refused):
        return raw.error
    if isinstance(raw, Undecodable):
        return RejectedEventError("invalid_json", "", f"the line is not JSON: {raw.reason}")
    return RejectedEventError("not_an_object", "", f"an event is a JSON object, not {type(raw).__name__}")


def _refuse_not_finite(raw: Mapping[str, Any]) -> None:
    path = next(_not_finite(raw, ""), None)
    if path is not None:
        raise RejectedEventError("not_finite", path, f"{path} is not a finite number")


def _not_finite(value: object, path: str) -> Iterator[str]:
    if isinstance(value, float) and not math.isfinite(value):
        yield path
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _not_finite(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list | tuple):
        for place, inner in enumerate(value):
            yield from _not_finite(inner, f"{path}[{place}]")


def made_up_id(raw: Mapping[str, Any]) -> str:
    """The id of an event that came without one: a hash of its content, the same when it is sent again."""
    content = {key: value for key, value in raw.items() if key not in ("sentAt", "messageId")}
    return "auto-" + blake2b(orjson.dumps(content, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
