"""JSON from strangers: one meaning or an error.

RFC 8259 leaves open what a repeated name, `NaN` or a number beyond 64 bits means, and parsers differ. Here they are
refused, so that what is hashed, stored and decided on is what the caller sent.
"""

import json
import re
from collections.abc import Iterable, Sequence
from itertools import accumulate

import orjson

from decisioning.errors import InvalidInputError

MAX_DEPTH = 32
"""Objects and lists may be nested so deep."""

_BRACKETS = re.compile(rb'"(?:[^"\\]|\\.)*+"|[^\[\]{}"]++', re.DOTALL)
_STEP = {ord("["): 1, ord("{"): 1, ord("]"): -1, ord("}"): -1}
_LARGEST = 2**63 - 1


class MalformedJsonError(InvalidInputError):
    """The body is not JSON, or is JSON of which two readers would understand two things."""

    code = "malformed_json"


class Ambiguous:
    """Stands where a document says what two readers would understand differently; no JSON is written of it."""


def parse(body: bytes, *, max_depth: int = MAX_DEPTH, in_place: bool = False) -> object:
    r"""Read one JSON document.

    Parameters: `body`, UTF-8 without byte order mark; `max_depth`, how deep objects and lists may be nested;
    `in_place`, for a batch whose elements are refused one by one: what has no single meaning (`NaN`, which Python's
    senders do write, huge integers, repeated names) stays where it stands, as a number that is not finite or as
    `Ambiguous`, for the check of its element to find.

    Refuses with `MalformedJsonError`: bad UTF-8, lone surrogates, `NaN`, `Infinity`, numbers that are infinite as a
    double, integers beyond 64 bits, repeated names in one object, deeper nesting, anything after the document.

    >>> parse(b'{"limit": 3}')
    {'limit': 3}
    >>> parse(b'{"limit": 3, "limit": 4}')
    Traceback (most recent call last):
    ...
    serving.strict_json.MalformedJsonError: the name 'limit' stands twice in one object; names must be unique
    """
    _check_depth(body, max_depth)
    if in_place:
        return _parse_in_place(body)
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedJsonError(f"the body is not JSON: {_position(error)}") from None
    return _EXACT.decode(body.decode())


def _parse_in_place(body: bytes) -> object:
    try:
        return _IN_PLACE.decode(body.decode())
    except UnicodeDecodeError as error:
        raise MalformedJsonError(f"the body is not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise MalformedJsonError(f"the body is not JSON: {_position(error)}") from None


def _position(error: json.JSONDecodeError) -> str:
    return f"{error.msg} at line {error.lineno}, column {error.colno}"


def _check_depth(body: bytes, max_depth: int) -> None:
    if body.count(b"[") + body.count(b"{") > max_depth and _depth(body) > max_depth:
        raise MalformedJsonError(f"the body is nested deeper than {max_depth} levels")


def _depth(body: bytes) -> int:
    return max(accumulate(_STEP.get(byte, 0) for byte in _BRACKETS.sub(b"", body)), default=0)


def _unique(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    pairs = list(pairs)
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedJsonError(f"{_repeated(pairs)} stands twice in one object; names must be unique")
    return found


def _repeated(pairs: Iterable[tuple[str, object]]) -> str:
    seen: set[str] = set()
    name = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]  # None is falsy on purpose
    return f"the name {name[:64]!r}"


def _integer(text: str) -> int:
    if len(text) > 18 and abs(int(text[:21])) > _LARGEST:
        raise MalformedJsonError(f"an integer of {len(text)} digits is beyond 64 bits; send it as a string")
    return int(text)


_EXACT = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer)


def _unique_or_ambiguous(pairs: Sequence[tuple[str, object]]) -> object:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Ambiguous()


def _integer_or_ambiguous(text: str) -> object:
    return int(text) if len(text) <= 18 or abs(int(text[:21])) <= _LARGEST else Ambiguous()


_IN_PLACE = json.JSONDecoder(object_pairs_hook=_unique_or_ambiguous, parse_int=_integer_or_ambiguous)
