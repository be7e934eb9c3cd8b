"""Rebuilding: every projection of the ledger, made anew from its records alone."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import orjson

from features.contacts import OF_DECISION, keep_answer, keep_contacts
from features.event import Event, reparse_event
from features.event_log import announce_changes, keep_told, mention_event
from features.identity_cluster import Former
from features.identity_kept import kept_of, take_kept
from features.identity_memory import IdentityMemory
from features.identity_merge import take_statement
from features.identity_relabel import note_labels, relabelled
from features.identity_rules import IdentityRules
from features.identity_statement import statement_of
from features.identity_table import IdentityTable
from features.instant import from_us
from features.ledger import Ledger
from features.ledger_schema import PROJECTIONS
from features.outcome_log import outcome_from
from features.pool_table import take_spent
from features.record import DECISION, DEFECTS, EVENT, KEPT, LINK, OUTCOME, SPENT, STATEMENTS
from features.workspace import Workspace

PAGE = 20_000


class _Stored(NamedTuple):
    """One record as it lies in its table."""

    seq: int
    kind: str
    record_id: str
    node: int | None
    occurred_us: int
    received_us: int
    known_us: int
    source: str
    body: bytes


def rebuild(ledger: Ledger, rules: IdentityRules | None = None) -> int:
    """Make links, profiles, consents and contacts anew, in one transaction; the number of records read.

    Parameters: `rules`, as the workspace says; equal ones give the same state, others announce whom they move.
    """
    return ledger.write(partial(make_anew, rules=rules or IdentityRules())).result()


def rebuilding(workspace: Workspace) -> Callable[[sqlite3.Connection], int]:
    """`make_anew`, as a workspace says."""
    return partial(make_anew, rules=workspace.identity)


def make_anew(connection: sqlite3.Connection, *, rules: IdentityRules) -> int:
    """As `rebuild`, within a write transaction of the caller."""
    note_labels(connection)
    for table in PROJECTIONS:
        connection.execute(f"DELETE FROM {table}")  # noqa: S608 (constants only)
    memory = IdentityMemory(connection, rules)
    memory.remember_all()
    n_records = 0
    for page in _pages(connection):
        _replay(connection, page, memory)
        n_records += len(page)
    _replay_aliases(connection)
    announce_changes(connection, relabelled(connection))
    return n_records


def _replay_aliases(connection: sqlite3.Connection) -> None:
    table = IdentityTable(connection)
    for (body,) in connection.execute("SELECT body FROM record WHERE kind = ? ORDER BY seq", (LINK,)).fetchall():
        change = orjson.loads(body)
        table.write_aliases(change["customer_id"], [Former(*each) for each in change["former"]])


def _pages(connection: sqlite3.Connection) -> Iterator[list[_Stored]]:
    after = 0
    while rows := connection.execute(_PAGE, (after, PAGE)).fetchall():
        yield [_Stored._make(row) for row in rows]
        after = rows[-1][0]


def _replay(connection: sqlite3.Connection, page: Sequence[_Stored], memory: IdentityMemory) -> None:
    events = [(record, event) for record in page if record.kind == EVENT and (event := _event(record, memory.rules))]
    decisions = [(record, orjson.loads(record.body)) for record in page if record.kind == DECISION]
    nodes = {record.seq: _mention_event(memory, record, event) for record, event in events}
    nodes |= {record.seq: _mention_home(memory, record, content["home"]) for record, content in decisions}
    nodes |= {record.seq: _take_statement(memory, record) for record in page if record.kind in STATEMENTS}
    nodes |= {record.seq: take_kept(memory, record.body, record.known_us) for record in page if record.kind == KEPT}
    memory.flush()
    for record in page:
        if record.kind == SPENT:
            take_spent(connection, record.body)
    _count_kept(connection, [record for record in page if record.kind == KEPT], nodes)
    located = [(nodes[record.seq], event) for record, event in events]
    keep_told(connection, located)
    for record, content in decisions:
        facts = content["contacts"]
        keep_contacts(connection, nodes[record.seq], record.record_id, decided_us=record.occurred_us, facts=facts)
    _move(connection, page, nodes)  # outcomes find their contacts by where the record of their decision lies
    relocated = {
        record.seq: _RELOCATED[record.kind](connection, record, orjson.loads(record.body))
        for record in page
        if record.kind in _RELOCATED
    }
    _move(connection, page, {each.seq: relocated.get(each.seq) for each in page if each.seq not in nodes})


def _move(connection: sqlite3.Connection, page: Sequence[_Stored], nodes: Mapping[int, int | None]) -> None:
    """Say where these records lie now."""
    moved = [(nodes[each.seq], each.seq) for each in page if each.seq in nodes and nodes[each.seq] != each.node]
    connection.executemany("UPDATE record SET node = ? WHERE seq = ?", moved)


def _event(record: _Stored, rules: IdentityRules) -> Event | None:
    """The event of a record; None of one that cannot be read (a dead letter: the feature projection tells it)."""
    occurred_at, received_at = from_us(record.occurred_us), from_us(record.received_us)
    times = {"occurred_at": occurred_at, "received_at": received_at}
    try:
        return reparse_event(
            record.body, **times, source=record.source, trust_email=rules.trust_email, country=rules.country
        )
    except DEFECTS:
        return None


def _mention_event(memory: IdentityMemory, record: _Stored, event: Event) -> int:
    return mention_event(memory, event, record.occurred_us, record.known_us)


def _mention_home(memory: IdentityMemory, record: _Stored, home: Sequence[str]) -> int:
    kind, value = home
    return memory.mention(((kind, value),), (record.occurred_us, f"{kind}:{value}"), record.known_us)


def _count_kept(connection: sqlite3.Connection, kept: Sequence[_Stored], nodes: Mapping[int, int]) -> None:
    counts = [(kept_of(record.body).contacts, nodes[record.seq]) for record in kept]
    connection.executemany("UPDATE identifier SET contacts = contacts + ? WHERE node = ?", counts)


def _take_statement(memory: IdentityMemory, record: _Stored) -> int:
    statement = statement_of(record.kind, record.record_id, record.body)
    return take_statement(memory, statement, record.known_us)


def _outcome_node(connection: sqlite3.Connection, record: _Stored, content: dict[str, Any]) -> int:
    outcome = outcome_from(content["outcome"])
    query = f"SELECT c.node {OF_DECISION} AND c.action = ?"
    node: int = connection.execute(query, (outcome.decision_id, outcome.action)).fetchone()[0]
    keep_answer(connection, node, outcome, group=content["contact"]["group"], occurred_us=record.occurred_us)
    return node


def _link_node(connection: sqlite3.Connection, _: _Stored, content: dict[str, Any]) -> int | None:
    """The identifier of a change; None where settings say by now that it names nobody."""
    query = "SELECT node FROM identifier WHERE kind = ? AND value = ?"
    row: tuple[int] | None = connection.execute(query, content["home"]).fetchone()
    return row[0] if row else None


_RELOCATED: Mapping[str, Callable[[sqlite3.Connection, _Stored, dict[str, Any]], int | None]]
_RELOCATED = {OUTCOME: _outcome_node, LINK: _link_node}
_PAGE = """
    SELECT seq, kind, record_id, node, occurred_us, received_us, known_us, source, body
    FROM record WHERE seq > ? ORDER BY seq LIMIT ?
"""
