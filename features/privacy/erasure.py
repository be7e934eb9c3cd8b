"""Erasing customers from the ledger, in one transaction; `features.privacy.sweep` then clears every other file.

What is left is a proof: a record of kind `erasure` that says when and how much, and tombstones by which what was erased
is known again. Neither says who.
"""

import secrets
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

import orjson

from decisioning.customer import CustomerReference
from decisioning.errors import InvalidInputError
from features.identifier import Identifier, identifier_of
from features.identity import resolve
from features.instant import from_us, to_us
from features.ledger import Ledger, insert_record
from features.pool_table import keep_spent
from features.privacy.erasure_log import LOG, LoggedErasure, append
from features.privacy.mention import Names, scrubbed_body
from features.privacy.seal import make_seal
from features.privacy.tables import delete_owned
from features.privacy.tombstone import bury
from features.privacy.traces import Traces, traces_of
from features.record import ERASURE


@dataclass(frozen=True, slots=True)
class Erasure:
    """What one erasure did.

    Parameters: `customers`, how many were found; `removed`, rows by table. An erasure that found nothing new carries
    the id of the one that did it before.
    """

    erasure_id: str
    erased_at: datetime
    customers: int = 0
    removed: Mapping[str, int] = field(default_factory=dict)


class ErasureBook:
    """Erases from one ledger.

    Parameters: `log`, the file of tokens to keep apart from backups (default: beside the ledger).
    """

    def __init__(self, ledger: Ledger, log: Path | None = None) -> None:
        self._ledger = ledger
        self._log = log or ledger.path.with_name(LOG)

    def erase(self, references: Sequence[CustomerReference], *, now: datetime) -> Erasure:
        """Erase the customers whom the references name; nothing of them can be read when this returns.

        Nobody needs to be known: what is named is kept out from now on. Raises: `InvalidInputError` of an identifier
        that several customers share, `UnavailableError` where the ledger cannot be written; then nothing was erased.
        """
        order = _Order(tuple(map(identifier_of, references)), now, self._log)
        return self._ledger.write(partial(_erase, references=references, order=order)).result()

    def erase_nodes(self, nodes: Sequence[int], *, now: datetime) -> Erasure:
        """As `erase`, of identifiers by their numbers: for retention, and for backups older than an erasure."""
        order = _Order((), now, self._log)
        return self._ledger.write(partial(_carry_out, nodes=nodes, order=order)).result()


@dataclass(frozen=True, slots=True)
class _Order:
    """One erasure to be made. Parameters: `named`, (kind, value) of whom to keep out besides what is found."""

    named: tuple[Identifier, ...]
    now: datetime
    log: Path


def _erase(connection: sqlite3.Connection, *, references: Sequence[CustomerReference], order: _Order) -> Erasure:
    found = [_nodes(connection, reference) for reference in references]
    if not any(found) and (before := _done_before(connection, order.named)):
        return before
    done = _carry_out(connection, nodes=[node for each in found for node in each], order=order)
    return replace(done, customers=len({frozenset(each) for each in found if each}))


def _carry_out(connection: sqlite3.Connection, *, nodes: Sequence[int], order: _Order) -> Erasure:
    traces, seal = traces_of(connection, nodes), make_seal(connection)
    erasure_id, erased_us = f"e_{secrets.token_hex(12)}", to_us(order.now)
    keep_spent(connection, sorted(traces.decisions), now_us=erased_us)
    removed = remove(connection, traces, order.named)
    buried = {*traces.tokens_of(), *order.named}
    tokens = bury(connection, seal, buried, erased_us=erased_us, erasure_id=erasure_id)
    connection.execute(_NOTE, (erasure_id, erased_us, max(nodes, default=0)))
    proof = orjson.dumps({"erasure_id": erasure_id, "removed": removed})
    insert_record(connection, (ERASURE, erasure_id, None, erased_us, erased_us, erased_us, "privacy", proof))
    append(order.log, LoggedErasure(erasure_id, erased_us, seal.mark, tuple(tokens)))
    return Erasure(erasure_id, order.now, len(nodes), removed)


def remove(connection: sqlite3.Connection, traces: Traces, named: Iterable[Identifier]) -> dict[str, int]:
    """Delete what is theirs, and what others' technical records and refused bodies say of them; how much, by table."""
    names = traces.names(named)
    owned = {"node": traces.nodes, "customer": traces.customer_ids, "decision": traces.decisions}
    removed = delete_owned(connection, owned)
    for table, key, body in (("reject", "id", "raw"), ("quarantine", "outcome_id", "body")):
        n_found = _delete_mentions(connection, (table, key, body), names)
        removed |= {table: n_found + removed.get(table, 0)} if n_found else {}
    _scrub_records(connection, names)
    return removed


def _delete_mentions(connection: sqlite3.Connection, columns: tuple[str, str, str], names: Names) -> int:
    table, key, body = columns
    rows = connection.execute(f"SELECT {key}, {body} FROM {table}")  # noqa: S608 (constants only)
    found = [(name,) for name, raw in rows if names.mentioned(raw)]
    connection.executemany(f"DELETE FROM {table} WHERE {key} = ?", found)  # noqa: S608 (constants only)
    return len(found)


def _scrub_records(connection: sqlite3.Connection, names: Names) -> None:
    """Take the customer out of what others' records of identity say: whom they were once one with."""
    rows = connection.execute(_TECHNICAL).fetchall()
    for seq, body in rows:
        kept = scrubbed_body(body, names)
        if kept is None:
            connection.execute("DELETE FROM record WHERE seq = ?", (seq,))
        elif kept is not body:
            connection.execute("UPDATE record SET body = ? WHERE seq = ?", (kept, seq))


def _nodes(connection: sqlite3.Connection, reference: CustomerReference) -> list[int]:
    """The numbers of every identifier of the customer; of an identifier that belongs to nobody, its own."""
    shared = connection.execute(_SHARED, identifier_of(reference)).fetchone()
    if shared:
        message = f"this {reference.kind} is shared by several customers; name one of them by another identifier"
        raise InvalidInputError(message, code="shared_identifier", field="customer")
    rows = connection.execute(_NODES, (resolve(connection, reference), *identifier_of(reference)))
    return [node for (node,) in rows.fetchall()]


def _done_before(connection: sqlite3.Connection, named: Iterable[Identifier]) -> Erasure | None:
    """The last of the erasures that named them, where each was erased before."""
    seal = make_seal(connection)
    rows = [connection.execute(_EARLIER, (seal.token(*each),)).fetchone() for each in named]
    if not rows or None in rows:
        return None
    erased_us, erasure_id = max(rows)
    return Erasure(erasure_id, from_us(erased_us))


_NOTE = "INSERT INTO erasure (erasure_id, erased_us, last_node) VALUES (?, ?, ?)"
_SHARED = "SELECT 1 FROM identifier WHERE kind = ? AND value = ? AND dissolved AND kind <> 'user_id'"
_NODES = "SELECT node FROM identifier WHERE customer_id = ?1 OR (?1 IS NULL AND kind = ?2 AND value = ?3)"
_EARLIER = "SELECT erased_us, erasure_id FROM tombstone WHERE token = ?"
_TECHNICAL = """
    SELECT seq, body FROM record
    WHERE kind <> 'event' AND kind NOT IN ('decision', 'outcome', 'erasure', 'spent')
"""
