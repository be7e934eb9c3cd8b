"""JSON from strangers: one meaning or an error.

RFC 8259 leaves open what a repeated name, `NaN` or a number beyond 64 bits means, and parsers differ. Here they are
refused, so that what is hashed, stored and decided on is what the caller sent.
"""

import json
import re
from collections.abc import Iterable
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


def parse(body: bytes, *, max_depth: int = MAX_DEPTH) -> object:
    r"""Read one JSON document.

    Parameters: `body`, UTF-8 without byte order mark; `max_depth`, how deep objects and lists may be nested.

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
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedJsonError(f"the body is not JSON: {_position(error)}") from None
    return _EXACT.decode(body.decode())


def _position(error: orjson.JSONDecodeError) -> str:
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
