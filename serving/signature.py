"""Signed requests: by whom, for what, lately, and never twice."""

import hmac
import re
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from decisioning.errors import UnavailableError
from features.sqlite_file import opened
from serving.client.signing import SCHEME, Signed
from serving.responses import HttpError

WINDOW_SECONDS = 300
"""That a signature may be older or younger than the service's clock."""
FORM = f"{SCHEME} <nonce, 16 to 64 letters and digits>:<seconds>:<SHA-256 of the body>:<signature>, both in hex"
"""Of the header, for whoever sent another one."""
_PRESENTED = re.compile(rb"([0-9A-Za-z]{16,64}):([0-9]{1,12}):([0-9a-f]{64}):([0-9a-f]{64})")
_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS nonce (used BLOB PRIMARY KEY, seconds INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS nonce_by_age ON nonce (seconds);
"""


class Presented(NamedTuple):
    """A signature as it was sent, of what was asked."""

    signed: Signed
    signature: str

    def is_by(self, secret: bytes) -> bool:
        """Whether it was made with a secret."""
        return hmac.compare_digest(self.signed.signature(secret), self.signature)


def presented(credentials: bytes, asked: str) -> Presented | None:
    """What the header says; None where it says nothing that can be read."""
    found = _PRESENTED.fullmatch(credentials.strip())
    if found is None:
        return None
    nonce, seconds, digest, signature = (part.decode() for part in found.groups())
    return Presented(Signed(nonce, int(seconds), digest, asked), signature)


class Nonces:
    """What was used within the window, by every process of a home and beyond its end; only hashes are kept.

    Parameters: `path` of the SQLite file, made at the first use; `clock`, the service's.
    """

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path, self._clock = path, clock
        self._lock = Lock()
        self._opened: sqlite3.Connection | None = None

    def use(self, signed: Signed) -> None:
        """Use a nonce up; raises `HttpError` 401 where it is used, or its time is not now.

        Raises `UnavailableError` where that cannot be known: then nobody is let in.
        """
        now = int(self._clock().timestamp())
        if abs(now - signed.seconds) > WINDOW_SECONDS:
            raise refused(f"the signature's time is more than {WINDOW_SECONDS} s from the service's clock")
        with self._lock:
            try:
                is_new = self._used(sha256(signed.nonce.encode()).digest(), signed.seconds, now)
            except sqlite3.Error as error:
                raise UnavailableError(f"{self._path} cannot be used: {error}") from error
        if not is_new:
            raise refused("the signature was used before; sign every request anew")

    def close(self) -> None:
        """Close the file."""
        with self._lock, suppress(sqlite3.Error):
            if self._opened is not None:
                self._opened.close()

    def _used(self, nonce: bytes, seconds: int, now: int) -> bool:
        connection = self._connection()
        connection.execute("DELETE FROM nonce WHERE seconds < ?", (now - 2 * WINDOW_SECONDS,))
        return connection.execute("INSERT OR IGNORE INTO nonce VALUES (?, ?)", (nonce, seconds)).rowcount == 1

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            self._opened = opened(self._path, _TABLES, busy_seconds=1.0)
        return self._opened


def found(given: Presented, secrets: Sequence[bytes]) -> int | None:
    """The place of the secret that a signature was made with; every one is tried, so that the time tells nothing."""
    places = [place for place, secret in enumerate(secrets) if given.is_by(secret)]
    return places[0] if places else None


def refused(why: str) -> HttpError:
    """The error for a signature that opens nothing."""
    return HttpError(401, "unauthorized", why, headers={"WWW-Authenticate": SCHEME})


def check_body(body: bytes, digest: str) -> None:
    """Refuse a body that is not the one that was signed."""
    if not hmac.compare_digest(sha256(body).hexdigest(), digest):
        raise refused("the body is not the one that was signed")
