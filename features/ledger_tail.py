"""The damaged end of a ledger's write-ahead log: what SQLite passed over when it recovered, counted so that it is said.

SQLite recovers to the last transaction whose frames all carry right checksums, and silently ignores what follows
(https://www.sqlite.org/fileformat2.html#walformat). What follows and belongs to the same generation of the log was
written once: by a transaction that never ended, or by one that is damaged.
"""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import NamedTuple

_LOG_HEADER = Struct(">IIIIIIII")
_FRAME = Struct(">II8sII")
"""Page number, size of the database after a commit (else 0), salts, checksums."""
_LAST_VALID = Struct("=I")
_LAST_VALID_AT = 16
"""Where the index of the log keeps the number of its last valid frame (`mxFrame`), in the machine's byte order."""


class Tail(NamedTuple):
    """What lies behind the last sound transaction of the log.

    Parameters: `n_frames`, pages that were written and are ignored; `n_commits`, how many ends of transactions are
    still to be seen among them: 0 where a write was merely interrupted, before anything was acknowledged.
    """

    n_frames: int
    n_commits: int

    @property
    def is_damaged(self) -> bool:
        """Whether a transaction that had ended is lost."""
        return self.n_commits > 0


SOUND = Tail(0, 0)


def tail_of(connection: sqlite3.Connection, path: Path) -> Tail:
    """The ignored end of the log of a ledger, which this connection has recovered by opening it.

    Takes the write lock for a moment, so that nobody's unfinished transaction is mistaken for damage.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        return _ignored(path.with_name(path.name + "-wal"), _n_valid(path.with_name(path.name + "-shm")))
    finally:
        connection.execute("ROLLBACK")


def _n_valid(index: Path) -> int:
    held = index.read_bytes()[_LAST_VALID_AT : _LAST_VALID_AT + _LAST_VALID.size] if index.exists() else b""
    return int(_LAST_VALID.unpack(held)[0]) if len(held) == _LAST_VALID.size else 0


def _ignored(log: Path, n_valid: int) -> Tail:
    frames = list(_frames(log)) if log.exists() else []
    if not frames:
        return SOUND
    generation = frames[0][1]
    ours = [place for place, (_, salts) in enumerate(frames) if _same_generation(salts, generation)]
    ignored = frames[n_valid : ours[-1] + 1]
    return Tail(len(ignored), sum(1 for commit, _ in ignored if commit))


def _same_generation(one: bytes, other: bytes) -> bool:
    """Whether two pairs of salts agree in either: a new generation changes both, a damaged byte one."""
    return one[:4] == other[:4] or one[4:] == other[4:]


def _frames(log: Path) -> Iterator[tuple[int, bytes]]:
    """The commit mark and the salts of every whole frame of the log."""
    with log.open("rb") as stream:
        header = stream.read(_LOG_HEADER.size)
        if len(header) < _LOG_HEADER.size:
            return
        page_size = _page_size(header)
        while len(frame := stream.read(_FRAME.size)) == _FRAME.size:
            _, commit, salts, _, _ = _FRAME.unpack(frame)
            yield commit, salts
            stream.seek(page_size, 1)


def _page_size(header: bytes) -> int:
    """The page size that the header states, or SQLite's usual one where the header itself is damaged."""
    stated = int(_LOG_HEADER.unpack(header)[2])
    return stated if stated in {2**power for power in range(9, 17)} else 4096
