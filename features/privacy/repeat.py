"""Repeating erasures on a ledger that is older than they are: a backup that was restored."""

import sqlite3
from collections.abc import Iterable, Iterator
from functools import partial

import orjson

from decisioning.errors import InvalidInputError
from features.ledger import Ledger, insert_record
from features.privacy.erasure import remove
from features.privacy.erasure_log import LoggedErasure
from features.privacy.seal import Seal, seal_of
from features.privacy.traces import traces_of
from features.record import ERASURE


def repeat_erasures(ledger: Ledger, logged: Iterable[LoggedErasure]) -> int:
    """Carry out, in one transaction, the erasures of a log that this ledger does not know; how many there were.

    Raises: `InvalidInputError` where the log is not of this home.
    """
    return ledger.write(partial(_repeat, logged=list(logged))).result()


def _repeat(connection: sqlite3.Connection, *, logged: list[LoggedErasure]) -> int:
    known = {erasure_id for (erasure_id,) in connection.execute("SELECT erasure_id FROM erasure")}
    missing = [each for each in logged if each.erasure_id not in known]
    if not missing:
        return 0
    seal = seal_of(connection)
    if seal is None or any(each.key_mark != seal.mark for each in missing):
        raise InvalidInputError("this log of erasures was written by another home", field="erasures")
    nodes = dict(_tokens(connection, seal))
    for erasure in missing:
        _carry_out(connection, erasure, [nodes[token] for token in erasure.tokens if token in nodes])
    return len(missing)


def _tokens(connection: sqlite3.Connection, seal: Seal) -> Iterator[tuple[bytes, int]]:
    for node, kind, value in connection.execute("SELECT node, kind, value FROM identifier").fetchall():
        yield seal.token(kind, value), node


def _carry_out(connection: sqlite3.Connection, erasure: LoggedErasure, nodes: list[int]) -> None:
    removed = remove(connection, traces_of(connection, nodes), ())
    named = (erasure.erasure_id, erasure.erased_us)
    connection.executemany(_BURY, [(token, *reversed(named)) for token in erasure.tokens])
    connection.execute(_NOTE, (*named, max(nodes, default=0)))
    proof = orjson.dumps({"erasure_id": erasure.erasure_id, "removed": removed})
    times = (erasure.erased_us,) * 3
    insert_record(connection, (ERASURE, erasure.erasure_id, None, *times, "privacy", proof))


_BURY = "INSERT OR REPLACE INTO tombstone (token, erased_us, erasure_id) VALUES (?, ?, ?)"
_NOTE = "INSERT INTO erasure (erasure_id, erased_us, last_node) VALUES (?, ?, ?)"
