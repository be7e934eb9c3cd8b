"""The decision book: decisions are recorded, and their contacts reserved, in one transaction with every check."""

import sqlite3
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any, NamedTuple

import orjson

from decisioning.catalog import Catalog
from decisioning.decision import Decision
from decisioning.errors import ErasedError, StaleContactsError
from features.contacts import contact_facts, keep_contacts
from features.decision_codec import decision_from, plain
from features.decision_met import Met, mention, met_by
from features.event_log import announce
from features.identifier import Identifier
from features.identity_memory import IdentityMemory
from features.identity_rules import IdentityRules
from features.instant import to_us
from features.ledger import Ledger, insert_record
from features.outcome_log import release_quarantine
from features.pool_table import refuse_overdrawn
from features.privacy.tombstone import CUSTOMER, REQUEST, tombstones_of, was_erased
from features.record import DECISION, Record


class DecisionBook:
    """Keeps decisions, durably; implements `decisioning.ports.DecisionLog`.

    Parameters: `catalog`, which says what a decision reserves, and for how long; `rules`, of identity.
    """

    def __init__(self, ledger: Ledger, catalog: Catalog, rules: IdentityRules | None = None) -> None:
        self._ledger = ledger
        self._catalog = catalog
        self._rules = rules or IdentityRules()

    def record(self, decision: Decision, *, answer: bytes = b"", body_hash: str = "") -> "Future[None]":
        """Record a decision and reserve its contacts; the future resolves once both are durable.

        Parameters: `answer`, the bytes to give again to the same request; `body_hash`, of the request's body.
        The future raises `ConflictError` where the request id was used before, `StaleContactsError` where the
        customer's contacts changed since they were read or too little is left of a pool by now, `UnavailableError`
        where the ledger cannot be written.
        """
        entry = _Entry(decision, contact_facts(decision, self._catalog), answer, body_hash)

        def operation(connection: sqlite3.Connection) -> None:
            met = met_by(connection, decision)
            met.refuse_repeated(decision)
            if met.anything_erased:
                _refuse_erased(connection, decision)
            if entry.contacts:  # what contacts nobody takes nothing that may have changed
                met.refuse_stale(decision)
                now_us = to_us(decision.decided_at)
                refuse_overdrawn(connection, self._catalog, entry.contacts, now_us=now_us)
            self._keep(connection, entry, met)

        return self._ledger.write(operation)

    def record_many(self, decisions: Iterable[Decision]) -> None:
        """Record decisions in one transaction, all or none; for a simulator that is alone with its ledger.

        Contact versions are not checked: two decisions of one batch may concern one customer.
        Raises: `ConflictError` where a request id was used before.
        """
        self._ledger.write(lambda connection: self._keep_all(connection, list(decisions))).result()

    def find(self, decision_id: str) -> Decision | None:
        """The decision of this id; None where there is none. Raises: `ErasedError` where it was erased."""
        with self._ledger.read() as connection:
            row = connection.execute(_BODY, (decision_id,)).fetchone()
            if row is None and was_erased(connection, DECISION, decision_id):
                raise ErasedError("this decision was erased", field="decision_id")
        return decision_from(orjson.loads(row[0])["decision"]) if row else None

    def one_of(self, beginning: str) -> Decision | None:
        """A decision of those whose request ids begin so, the first by that id; None where there is none.

        Raises: `UnavailableError` where the ledger cannot be read.
        """
        end = beginning[:-1] + chr(ord(beginning[-1]) + 1)
        row = self._ledger.look(_BETWEEN, (beginning, end))
        return decision_from(orjson.loads(row[0])["decision"]) if row else None

    def that_answers(self, request_id: str) -> Decision | None:
        """The decision that answered a request, whatever its own id was made of; None where none did, or it was erased.

        Raises: `UnavailableError` where the ledger cannot be read.
        """
        row = self._ledger.look(_THAT_ANSWERS, (request_id,))
        return decision_from(orjson.loads(row[0])["decision"]) if row else None

    def answer_for(self, request_id: str) -> tuple[str, bytes] | None:
        """The body hash and the answer of an earlier request with this id; None where there was none.

        Raises: `ErasedError` where it was erased.
        """
        row = self._ledger.look(_ANSWER, (request_id,))
        if row is None or row != _ANYTHING_ERASED:
            return None if row is None else (row[0], row[1])
        with self._ledger.read() as connection:
            if was_erased(connection, REQUEST, request_id):
                raise ErasedError("this request was answered, and the decision was erased", field="request_id")
        return None

    def _keep_all(self, connection: sqlite3.Connection, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            met = met_by(connection, decision)
            met.refuse_repeated(decision)
            self._keep(connection, _Entry(decision, contact_facts(decision, self._catalog)), met)

    def _keep(self, connection: sqlite3.Connection, entry: "_Entry", met: Met) -> None:
        decision, decided_us = entry.decision, to_us(entry.decision.decided_at)
        node = met.settled(decided_us)
        if node is None:
            node = mention_decision(IdentityMemory(connection, self._rules), met.home, decided_us)
        times, body = (decided_us, decided_us, decided_us), entry.body(met.home)
        seq = insert_record(connection, (DECISION, decision.decision_id, node, *times, "decision", body))
        request = (seq, decision.request_id, decision.decision_id, entry.body_hash, entry.answer)
        connection.execute(_REQUEST, request)
        keep_contacts(connection, node, decision.decision_id, decided_us=decided_us, facts=entry.contacts)
        if met.is_awaited:
            release_quarantine(connection, decision.decision_id)


class _Entry(NamedTuple):
    """What is recorded of a decision: itself, its `contact_facts`, its answer, the hash of the body that it answers."""

    decision: Decision
    contacts: list[dict[str, Any]]
    answer: bytes = b""
    body_hash: str = ""

    def body(self, home: Identifier) -> bytes:
        """As the record keeps it. Parameters: `home`, the identifier that it was made for."""
        content = {"decision": self.decision, "contacts": self.contacts, "home": home}
        return orjson.dumps(content, default=plain, option=orjson.OPT_SERIALIZE_NUMPY)


def decision_of(record: Record) -> Decision:
    """The decision of a record of kind `decision`."""
    return decision_from(orjson.loads(record.body)["decision"])


def mention_decision(memory: IdentityMemory, home: Identifier, decided_us: int) -> int:
    """The node of the identifier that a decision was made for; a decision for an unknown one makes the customer.

    Such a customer's id is a function of the identifier (`identity.unknown_customer_id`), so that it is the same
    before and after its first decision.
    """
    node = memory.mention((home,), mention(home, decided_us), decided_us)
    announce(memory.connection, memory)
    return node


def _refuse_erased(connection: sqlite3.Connection, decision: Decision) -> None:
    """Refuse to record what was decided before its customer was erased, or answered and erased before."""
    tombstones = tombstones_of(connection)
    if tombstones is None:
        return
    if tombstones.erased_us(REQUEST, decision.request_id) is not None:
        raise ErasedError("this request was answered, and the decision was erased", field="request_id")
    erased_us = tombstones.erased_us(CUSTOMER, decision.customer_id)
    if erased_us is not None and to_us(decision.decided_at) < erased_us:
        raise StaleContactsError("the customer was erased while this was decided")


_BODY = f"SELECT body FROM record WHERE kind = '{DECISION}' AND record_id = ?"  # noqa: S608 (constants only)
_THAT_ANSWERS = "SELECT r.body FROM request q JOIN record r ON r.seq = q.seq WHERE q.request_id = ?"
_BETWEEN = """
    SELECT r.body FROM request q JOIN record r ON r.seq = q.seq
    WHERE q.request_id >= ? AND q.request_id < ? ORDER BY q.request_id LIMIT 1
"""
_ANSWER = """
    SELECT body_hash, answer FROM request WHERE request_id = ?
    UNION ALL SELECT NULL, NULL WHERE EXISTS (SELECT 1 FROM erasure) LIMIT 1
"""
_ANYTHING_ERASED = (None, None)
"""What is found where the request is not, but something was erased, ever."""
_REQUEST = "INSERT INTO request (seq, request_id, decision_id, body_hash, answer) VALUES (?, ?, ?, ?, ?)"
