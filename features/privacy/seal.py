"""Tokens: what stays of something erased, so that it is known again when it comes back, and says nothing by itself.

A token is a hash under a key that exists once per home and is used for nothing else. It is made of whatever named the
erased customer: identifiers, customer ids, the ids of messages, decisions and requests.
"""

import secrets
import sqlite3
from dataclasses import dataclass, field
from hashlib import blake2b

KEY_BYTES = 32
TOKEN_BYTES = 16


@dataclass(frozen=True, slots=True)
class Seal:
    """Makes tokens. Parameters: `key`, the home's.

    >>> seal = Seal(bytes(32))
    >>> seal.token("email", "ana@example.org") == seal.token("email", "ana@example.org")
    True
    >>> seal.token("email", "ana@example.org") == seal.token("user_id", "ana@example.org")
    False
    """

    key: bytes = field(repr=False)

    def token(self, kind: str, value: str) -> bytes:
        """The token of one name; 16 bytes."""
        return blake2b(f"{kind}\0{value}".encode(), key=self.key, digest_size=TOKEN_BYTES).digest()

    @property
    def mark(self) -> str:
        """What tells one home's key from another's, and nothing else of it."""
        return self.token("key", "").hex()


def seal_of(connection: sqlite3.Connection) -> Seal | None:
    """The seal of a ledger; None where nothing was ever erased from it, or backed up."""
    row = connection.execute("SELECT key FROM erasure_key").fetchone()
    return Seal(row[0]) if row else None


def make_seal(connection: sqlite3.Connection) -> Seal:
    """The seal of a ledger, made where there is none, within a write transaction."""
    found = seal_of(connection)
    if found is not None:
        return found
    made = Seal(secrets.token_bytes(KEY_BYTES))
    connection.execute("INSERT INTO erasure_key (key) VALUES (?)", (made.key,))
    return made
