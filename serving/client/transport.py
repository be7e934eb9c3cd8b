"""Requests over kept connections, tried again where that may help: with the same ids every route can be repeated."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from random import uniform
from threading import local
from time import sleep
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from serving.client.errors import RefusedError, UnreachableError, refusal_of
from serving.client.signing import authorization

AGAIN = frozenset((408, 425, 429, 502, 503, 504))
"""Statuses after which the same request may succeed."""
LONGEST_WAIT = 30.0
"""Seconds; a service that asks for a longer rest is not waited for."""


class Reply(NamedTuple):
    """What came back. Parameters: `wait`, seconds that the service asks for before another try (0: none)."""

    status: int
    body: bytes
    wait: float


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a call may take.

    Parameters: `timeout`, seconds that one try may wait for bytes; `tries` altogether; `first_wait`, seconds before the
    second, doubled before every other up to `longest_backoff`, of which a random part is slept, so that callers do not
    come back all at once. Who must outlast a restart gives more tries and keeps it short.
    """

    timeout: float = 5.0
    tries: int = 4
    first_wait: float = 0.1
    longest_backoff: float = 5.0

    def before(self, nth: int, asked: float) -> float:
        """Seconds to wait before the nth try (1 is the second); at least what the service asked for."""
        backoff = min(self.longest_backoff, self.first_wait * 2.0 ** min(nth - 1, 64))
        return max(asked, uniform(0.0, backoff))  # noqa: S311 (no cryptography)


def parts_of(url: str) -> SplitResult:
    """The parts of a service's url; raises `ValueError` of what is none, and repeats no more of it than its scheme.

    >>> parts_of("https://shop.example/tsugi").path
    '/tsugi'
    >>> parts_of("shop.example:3000")
    Traceback (most recent call last):
    ...
    ValueError: the url of a service is http://... or https://...; given one with the scheme 'shop.example' and no host
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username is not None:
        has = "no host" if not parts.hostname else "a user name" if parts.username is not None else "a host"
        given = f"one with the scheme {parts.scheme!r} and {has}"
        raise ValueError(f"the url of a service is http://... or https://...; given {given}")
    return parts


@dataclass(frozen=True, slots=True)
class Transport:
    """Sends requests to one service; one kept connection for each thread.

    Parameters: `url` of the service, with the path that a gateway puts before ours, if any; `headers` of every request;
    `wait` sleeps; `secret` that every try is signed with anew (empty: none).
    """

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    patience: Patience = Patience()
    wait: Callable[[float], None] = sleep
    secret: bytes = field(default=b"", repr=False)
    _open: local = field(default_factory=local, repr=False, compare=False)

    def send(self, method: str, path: str, body: object = None) -> Reply:
        """The answer, tried again where that may help.

        Raises: `RefusedError` with the service's own words, `UnreachableError` where no answer came.
        """
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        reply, asked = None, 0.0
        for nth in range(self.patience.tries):
            if nth:
                self.wait(self.patience.before(nth, asked))
            reply = self._tried(method, path, content)
            if reply and (reply.status not in AGAIN or reply.wait > LONGEST_WAIT):
                break
            asked = reply.wait if reply else 0.0
        if reply is None:
            raise UnreachableError(f"{method} {path}: no answer in {self.patience.tries} tries")
        if reply.status >= 400:
            raise refused(reply)
        return reply

    def once(self, method: str, path: str) -> Reply:
        """The answer of one try, an error as well. Raises `UnreachableError` where none came."""
        reply = self._tried(method, path, None)
        if reply is None:
            raise UnreachableError(f"{method} {path}: no answer")
        return reply

    def _tried(self, method: str, path: str, content: bytes | None) -> Reply | None:
        """One try; None where no whole answer came."""
        connection = self._connection()
        try:
            below = urlsplit(self.url).path + path
            connection.request(method, below, content, self._headers(f"{method} {path}", content or b""))
            answer = connection.getresponse()
            return Reply(answer.status, answer.read(), _seconds(answer.headers.get("Retry-After", "")))
        except (OSError, HTTPException):
            connection.close()
            return None

    def _headers(self, asked: str, content: bytes) -> dict[str, str]:
        signed = {"Authorization": authorization(self.secret, asked, content)} if self.secret else {}
        return {**self.headers, **signed, "Content-Type": "application/json"}

    def _connection(self) -> HTTPConnection:
        found: HTTPConnection | None = getattr(self._open, "connection", None)
        if found is None:
            parts = urlsplit(self.url)
            kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
            found = self._open.connection = kind(parts.netloc, timeout=self.patience.timeout)
        return found

    def close(self) -> None:
        """Close this thread's connection."""
        connection: HTTPConnection | None = getattr(self._open, "connection", None)
        if connection is not None:
            connection.close()


def _seconds(text: str) -> float:
    """What `Retry-After` says in seconds; 0 where it says nothing or a date.

    >>> _seconds("3"), _seconds(""), _seconds("Wed, 21 Oct 2026 07:28:00 GMT")
    (3.0, 0.0, 0.0)
    """
    return float(text) if text.isdecimal() else 0.0


def refused(reply: Reply) -> RefusedError:
    """The error that an answer tells of."""
    try:
        error = json.loads(reply.body)["error"]
        code, message, where = str(error["code"]), str(error["message"]), error.get("field")
    except (ValueError, KeyError, TypeError, AttributeError):
        code, message, where = "unknown", "an error without the service's words: is it the service that answers?", None
    return refusal_of(reply.status)(message, status=reply.status, code=code, field=where)
