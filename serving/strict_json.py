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
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19
"""What has fewer digits fits into 64 bits."""
_UNSURE = object()


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
    read = _plain(body, max_depth)
    return _closely(body, max_depth, in_place=in_place) if read is _UNSURE else read


def _plain(body: bytes, max_depth: int) -> object:
    """The document where a fast reader alone can show that it has one meaning; else `_UNSURE`: nearly all are plain."""
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _UNSURE
    plain = (
        _LONG_NUMBER not in body.translate(_ZEROS) and _is_shallow(read, max_depth) and _names_are_unique(body, read)
    )
    return read if plain else _UNSURE


def _is_shallow(read: object, max_depth: int) -> bool:
    """Whether objects and lists are nested at most so deep, level by level."""
    level = [read] if isinstance(read, dict | list) else []
    while level and max_depth:
        within = [each.values() if type(each) is dict else each for each in level]
        level = [each for values in within for each in values if type(each) is dict or type(each) is list]
        max_depth -= 1
    return not level


def _names_are_unique(body: bytes, read: object) -> bool:
    """Whether as many names were read as are written; False too where escapes keep them from being counted."""
    if b"\\u002" in body or b"\\u003" in body:
        return False
    return _n_names(body) == _n_names(orjson.dumps(read))


def _n_names(document: bytes) -> int:
    """How often a quote comes before a colon: at the end of each name, and in texts, which reading does not change."""
    return document.translate(None, b" \t\r\n").count(b'":')


def _closely(body: bytes, max_depth: int, *, in_place: bool) -> object:
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
