"""Imports: how far each file was read into the ledger, noted in the transaction that keeps what was read."""

import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import orjson

from features.instant import to_us
from features.ledger import Ledger
from features.receipt import Origin, Receipt
from features.rejection import Rejection

ACCEPTED, DUPLICATES, REJECTED = "accepted", "duplicates", "rejected"


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """How far a file was read.

    Parameters: `fingerprint`, of its content and of everything that decides what is made of it; `done`, rows that are
    kept; `ahead`, elements of the rows after these that are kept already; `tally`, what became of the rows.
    """

    fingerprint: str
    file: str
    source: str
    mapping: str = ""
    done: int = 0
    ahead: int = 0
    finished: bool = False
    tally: Mapping[str, int] = field(default_factory=dict)


class ImportBook:
    """The imports of a ledger."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def find(self, fingerprint: str) -> ImportedFile | None:
        """How far this file was read; None where nobody began."""
        with self._ledger.read() as connection:
            row = connection.execute(f"{_READ} WHERE fingerprint = ?", (fingerprint,)).fetchone()
        return _imported(row) if row else None

    def all(self) -> list[ImportedFile]:
        """Every file that was read, or begun, the last one first."""
        with self._ledger.read() as connection:
            return [_imported(row) for row in connection.execute(f"{_READ} ORDER BY noted_us DESC").fetchall()]

    def forget(self, imported: ImportedFile) -> None:
        """Read this file anew: its place is forgotten, and so is what was refused of it."""

        def forget(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM import WHERE fingerprint = ?", (imported.fingerprint,))
            connection.execute("DELETE FROM reject WHERE file = ? AND source = ?", (imported.file, imported.source))

        self._ledger.write(forget).result()

    def finish(self, imported: ImportedFile, *, at: datetime) -> ImportedFile:
        """Note that a file was read to its end."""
        finished = replace(imported, finished=True)
        self._ledger.write(lambda connection: note(connection, finished, at=at)).result()
        return finished


def note(connection: sqlite3.Connection, imported: ImportedFile, *, at: datetime) -> None:
    """Write how far a file was read, within a write transaction."""
    tally = orjson.dumps({**imported.tally, "ahead": imported.ahead})
    row = (imported.fingerprint, imported.file, imported.source, imported.mapping, imported.done, imported.finished)
    connection.execute(_NOTE, (*row, tally, to_us(at)))


def _imported(row: tuple[str, str, str, str, int, int, bytes]) -> ImportedFile:
    fingerprint, file, source, mapping, done, finished, tally = row
    counts = orjson.loads(tally)
    return ImportedFile(
        fingerprint, file, source, mapping, done, ahead=counts.pop("ahead", 0), finished=bool(finished), tally=counts
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """What was made of some rows: the place of each element in the file, and how it stood there.

    Parameters: `end`, how many rows of the file are read after it; `tally`, what became of its rows; `raw`, the bytes
    to keep of the element at an index, None where these are the element's own.
    """

    places: Sequence[int]
    end: int
    tally: Mapping[str, int]
    raw: Callable[[int], bytes] | None = None


class FileOrigin(Origin):
    """A file that is read piece by piece: knows the place of each element, and notes what is kept.

    Parameters: `imported`, how far it was read before; `at`, the moment of this import.
    """

    def __init__(self, imported: ImportedFile, *, at: datetime) -> None:
        super().__init__(imported.file, imported.mapping)
        self.imported = imported
        self._at = at
        self._rows: Counter[str] = Counter(imported.tally)
        self._pieces: deque[tuple[int, Piece]] = deque()
        self._drawn, self._kept = -imported.ahead, 0

    def add(self, piece: Piece) -> int:
        """Announce a piece whose elements follow; how many of them are kept already, and must be left out."""
        self._pieces.append((self._drawn, piece))
        ahead = -self._drawn if self._drawn < 0 else 0
        self._drawn += len(piece.places)
        return ahead

    def traced(self, refused: Sequence[tuple[Rejection, bytes]]) -> Sequence[tuple[Rejection, bytes]]:
        """With the place of each in the file, and as it stood there."""
        return [self._traced(why, raw) for why, raw in refused]

    def kept(self, connection: sqlite3.Connection, receipt: Receipt) -> None:
        """Note what was kept, within its own transaction."""
        self._kept += receipt.accepted + receipt.duplicates + receipt.n_rejected
        self._rows.update({ACCEPTED: receipt.accepted, DUPLICATES: receipt.duplicates, REJECTED: receipt.n_rejected})
        self.settle()
        note(connection, self.imported, at=self._at)

    def settle(self) -> ImportedFile:
        """Count the pieces that are kept whole; how far the file is read by now."""
        done = self.imported.done
        while self._pieces and self._pieces[0][0] + len(self._pieces[0][1].places) <= self._kept:
            _, piece = self._pieces.popleft()
            self._rows.update(piece.tally)
            done = piece.end
        ahead = self._kept - self._pieces[0][0] if self._pieces else 0
        self.imported = replace(self.imported, done=done, ahead=max(ahead, 0), tally=dict(self._rows))
        return self.imported

    def _traced(self, why: Rejection, raw: bytes) -> tuple[Rejection, bytes]:
        first, piece = next(pair for pair in reversed(self._pieces) if pair[0] <= why.index)
        element = why.index - first
        return replace(why, index=piece.places[element]), piece.raw(element) if piece.raw else raw


_READ = "SELECT fingerprint, file, source, mapping, done, finished, tally FROM import"
_NOTE = """
    INSERT INTO import (fingerprint, file, source, mapping, done, finished, tally, noted_us)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (fingerprint) DO UPDATE SET
        done = excluded.done, finished = excluded.finished, tally = excluded.tally, noted_us = excluded.noted_us
"""
