"""The damaged end of a ledger's write-ahead log: what SQLite passed over when it recovered, counted so that it is said.

SQLite recovers to the last transaction whose frames all carry right checksums, and silently ignores what follows
(https://www.sqlite.org/fileformat2.html#walformat). What follows and belongs to the same generation of the log was
written once: by a transaction that never ended, or by one that is damaged.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple

from features.wal_log import WalLog, read_log


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

    Takes the write lock for a moment, so that nobody's unfinished transaction is mistaken for damage. One that was
    written whole, and whose writer ended before anybody could be told, is none either.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        log = read_log(path.with_name(path.name + "-wal"))
    finally:
        connection.execute("ROLLBACK")
    return _ignored(log) if log and log.frames else SOUND


def _ignored(log: WalLog) -> Tail:
    generation = log.frames[0].salts
    ours = [place for place, frame in enumerate(log.frames) if _same_generation(frame.salts, generation)]
    ignored = log.frames[log.n_sound : ours[-1] + 1]
    return Tail(len(ignored), sum(1 for frame in ignored if frame.commit))


def _same_generation(one: bytes, other: bytes) -> bool:
    """Whether two pairs of salts agree in either: a new generation changes both, a damaged byte one."""
    return one[:4] == other[:4] or one[4:] == other[4:]
