"""The decision book: decisions are recorded, and their contacts reserved, in one transaction with every check."""

import sqlite3
from collections.abc import Iterable
from concurrent.futures import Future
from typing import Any

import orjson

from decisioning.catalog import Catalog
from decisioning.customer import CustomerReference
from decisioning.decision import Decision
from decisioning.errors import ConflictError, ErasedError, StaleContactsError
from features.contacts import contact_facts, contacts_version, keep_contacts
from features.decision_codec import decision_from, plain
from features.event_log import announce
from features.identifier import Identifier, identifier_of
from features.identity import resolve
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

        def operation(connection: sqlite3.Connection) -> None:
            _refuse_repeated(connection, decision)
            _refuse_erased(connection, decision)
            facts = contact_facts(decision, self._catalog)
            if facts:  # what contacts nobody takes nothing that may have changed
                _refuse_stale(connection, decision)
                refuse_overdrawn(connection, self._catalog, facts, now_us=to_us(decision.decided_at))
            self._keep(connection, decision, facts, (answer, body_hash))

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

    def answer_for(self, request_id: str) -> tuple[str, bytes] | None:
        """The body hash and the answer of an earlier request with this id; None where there was none.

        Raises: `ErasedError` where it was erased.
        """
        with self._ledger.read() as connection:
            row: tuple[str, bytes] | None = connection.execute(_ANSWER, (request_id,)).fetchone()
            if row is None and was_erased(connection, REQUEST, request_id):
                raise ErasedError("this request was answered, and the decision was erased", field="request_id")
        return row

    def _keep_all(self, connection: sqlite3.Connection, decisions: Iterable[Decision]) -> None:
        for decision in decisions:
            _refuse_repeated(connection, decision)
            self._keep(connection, decision, contact_facts(decision, self._catalog), (b"", ""))

    def _keep(
        self, connection: sqlite3.Connection, decision: Decision, facts: list[dict[str, Any]], told: tuple[bytes, str]
    ) -> None:
        """Parameters: `told`, the answer, and the hash of the body that it answers."""
        (answer, body_hash), decided_us = told, to_us(decision.decided_at)
        home = _home(connection, decision.reference)
        node = mention_decision(IdentityMemory(connection, self._rules), home, decided_us)
        content = {"decision": decision, "contacts": facts, "home": home}
        body = orjson.dumps(content, default=plain, option=orjson.OPT_SERIALIZE_NUMPY)
        times = (decided_us, decided_us, decided_us)
        insert_record(connection, (DECISION, decision.decision_id, node, *times, "decision", body))
        request = (decision.request_id, decision.decision_id, body_hash, answer)
        connection.execute(_REQUEST, request)
        keep_contacts(connection, node, decision.decision_id, decided_us=decided_us, facts=facts)
        release_quarantine(connection, decision.decision_id)


def decision_of(record: Record) -> Decision:
    """The decision of a record of kind `decision`."""
    return decision_from(orjson.loads(record.body)["decision"])


def mention_decision(memory: IdentityMemory, home: Identifier, decided_us: int) -> int:
    """The node of the identifier that a decision was made for; a decision for an unknown one makes the customer.

    Such a customer's id is a function of the identifier (`identity.unknown_customer_id`), so that it is the same
    before and after its first decision.
    """
    node = memory.mention((home,), (decided_us, ":".join(home)), decided_us)
    announce(memory.connection, memory)
    return node


def _home(connection: sqlite3.Connection, reference: CustomerReference) -> Identifier:
    """The identifier that a reference means: its own, or for a customer id the customer's earliest."""
    if reference.kind == "customer_id":
        found: Identifier | None = connection.execute(_EARLIEST, (resolve(connection, reference),)).fetchone()
        return found or identifier_of(reference)
    return identifier_of(reference)


def _refuse_repeated(connection: sqlite3.Connection, decision: Decision) -> None:
    if connection.execute(_ANSWER, (decision.request_id,)).fetchone():
        raise ConflictError(f"request_id {decision.request_id!r} was used before", field="request_id")
    if connection.execute(_BODY, (decision.decision_id,)).fetchone():
        raise ConflictError(f"decision_id {decision.decision_id!r} was used before", field="decision_id")


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


def _refuse_stale(connection: sqlite3.Connection, decision: Decision) -> None:
    version = contacts_version(connection, resolve(connection, decision.reference))
    if version != decision.contacts_version:
        read = decision.contacts_version
        raise StaleContactsError(f"contacts are at version {version}, the decision was made from version {read}")


_BODY = f"SELECT body FROM record WHERE kind = '{DECISION}' AND record_id = ?"  # noqa: S608 (constants only)
_ANSWER = "SELECT body_hash, answer FROM request WHERE request_id = ?"
_REQUEST = "INSERT INTO request (request_id, decision_id, body_hash, answer) VALUES (?, ?, ?, ?)"
_EARLIEST = """
    SELECT kind, value FROM identifier WHERE customer_id = ? AND first_us NOTNULL ORDER BY first_us, first_id LIMIT 1
"""
