"""What a request is called: by its caller in `X-Request-ID`, else by us, once an error or a log line names it."""

import re
from collections.abc import Iterable
from contextvars import ContextVar
from secrets import token_hex

from starlette.types import Scope

NAME = "X-Request-ID"
_HEADER = NAME.lower().encode()
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_KEPT = "tsugi.request_id"
_at_hand: ContextVar[Scope | None] = ContextVar("request at hand", default=None)


def take_up(scope: Scope) -> None:
    """Say which request is at hand from now on, in this task."""
    _at_hand.set(scope)


def id_at_hand() -> str:
    """The id of the request at hand; "" where there is none."""
    scope = _at_hand.get()
    return "" if scope is None else id_of(scope)


def id_of(scope: Scope) -> str:
    """The id of a request, the same whenever it is asked for."""
    kept: str = scope.get(_KEPT) or named_by(scope["headers"])
    scope[_KEPT] = kept
    return kept


def is_named(scope: Scope) -> bool:
    """Whether anybody asked for the id of a request: a log line tells of it."""
    return _KEPT in scope


def named_by(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The id that the headers of a request give it, or a new one where they give none that may stand in a log.

    >>> named_by([(b"x-request-id", b"checkout-7")])
    'checkout-7'
    >>> len(named_by([(b"x-request-id", b"ana@example.org")]))
    16
    """
    given = dict(headers).get(_HEADER, b"")
    return given.decode() if _GIVEN.fullmatch(given) else token_hex(8)


def as_header(request_id: str) -> tuple[bytes, bytes]:
    """The header of an answer that says which request it answers."""
    return _HEADER, request_id.encode()
