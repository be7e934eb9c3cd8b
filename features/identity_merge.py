"""Merging and unmerging: statements on identifiers become records of the ledger, and customers follow at once."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from decisioning.customer import CustomerReference
from decisioning.errors import ConflictError, InvalidInputError
from features.event_log import announce
from features.identifier import Identifier, identifier_of
from features.identity_memory import IdentityMemory
from features.identity_rules import IdentityRules
from features.identity_statement import Statement, check_statement, statement_of
from features.instant import to_us
from features.ledger import Ledger, insert_record
from features.record import PROPOSAL, STATEMENTS

MANY = 1_000
"""From so many statements on, the whole graph is read first."""


@dataclass(frozen=True, slots=True)
class MergeReceipt:
    """How many statements were new, and how many the ledger had already."""

    accepted: int
    duplicates: int


class MergeBook:
    """Says that identifiers belong together, or do not, and lists what was said.

    Projections catch up with it as with any record (`FeatureProjection.catch_up`).

    Parameters: `ledger`; `rules`, what the workspace says of identity.
    """

    def __init__(self, ledger: Ledger, rules: IdentityRules | None = None) -> None:
        self._ledger = ledger
        self._rules = rules or IdentityRules()

    def state(self, statements: Sequence[Statement], *, received_at: datetime) -> MergeReceipt:
        """Append statements in one transaction, all or none; durable when this returns.

        A statement of a known id is a duplicate. Raises: `InvalidInputError` naming the field; `ConflictError` where an
        id was used before for something else; `UnavailableError` where the ledger cannot be written.
        """
        for statement in statements:
            check_statement(statement, received_at=received_at)
            self._refuse_nobody(statement)
        return self._ledger.write(partial(self._keep, statements=statements, received_us=to_us(received_at))).result()

    def statements(self) -> list[Statement]:
        """Everything that was said, in the order in which it came."""
        records = self._ledger.records(kinds=STATEMENTS)
        return [statement_of(record.kind, record.record_id, record.body) for record in records]

    def _refuse_nobody(self, statement: Statement) -> None:
        for name, (kind, value) in (("one", statement.one), ("other", statement.other)):
            if self._rules.names_nobody(value):
                raise InvalidInputError(f"{name} is a {kind} that means nothing; it names nobody", field=name)

    def _keep(
        self, connection: sqlite3.Connection, *, statements: Sequence[Statement], received_us: int
    ) -> MergeReceipt:
        memory = IdentityMemory(connection, self._rules)
        fresh = list(_fresh(connection, statements))
        if len(fresh) >= MANY:
            memory.remember_all()
        for statement in fresh:
            _append(connection, statement, memory, received_us)
        announce(connection, memory)
        return MergeReceipt(len(fresh), len(statements) - len(fresh))


def named_identifier(connection: sqlite3.Connection, reference: CustomerReference) -> Identifier | None:
    """The identifier that a reference means; of a customer id, today's or a former one, the earliest of its own.

    None where nothing was recorded of it.
    """
    identifier = identifier_of(reference)
    queries = (_KNOWN,) if reference.kind != "customer_id" else (_EARLIEST, _FORMER, _KNOWN)
    for query in queries:
        found: Identifier | None = connection.execute(query, {"kind": identifier[0], "value": identifier[1]}).fetchone()
        if found is not None:
            return found
    return None


def _fresh(connection: sqlite3.Connection, statements: Sequence[Statement]) -> Iterable[Statement]:
    """The statements that are not in the ledger yet; of equal ones the first."""
    seen: dict[tuple[str, str], bytes] = {}
    for statement in statements:
        key, body = (statement.verb, statement.id), statement.body
        row = connection.execute(_BODY, key).fetchone()
        earlier = row[0] if row else seen.get(key)
        if earlier is not None and earlier != body:
            raise ConflictError(f"{statement.verb} {statement.id!r} was said before of something else", field="id")
        if earlier is None:
            seen[key] = body
            yield statement


def _append(connection: sqlite3.Connection, statement: Statement, memory: IdentityMemory, received_us: int) -> None:
    word = statement.word
    known_us = max(word.occurred_us, received_us)
    node = take_statement(memory, statement, known_us)
    times = (word.occurred_us, received_us, known_us)
    insert_record(connection, (statement.verb, statement.id, node, *times, statement.said_by, statement.body))


def take_statement(memory: IdentityMemory, statement: Statement, known_us: int) -> int:
    """Take a statement into the identity graph; the node of its first identifier."""
    pair, word = (statement.one, statement.other), statement.word
    if statement.verb == PROPOSAL:
        return memory.take_proposal(pair, word[:2])
    return memory.take_word(pair, word, known_us)


_BODY = "SELECT body FROM record WHERE kind = ? AND record_id = ?"
_KNOWN = "SELECT kind, value FROM identifier WHERE kind = :kind AND value = :value"
_EARLIEST = """
    SELECT kind, value FROM identifier WHERE customer_id = :value AND first_us NOTNULL
    ORDER BY first_us, first_id LIMIT 1
"""
_FORMER = "SELECT i.kind, i.value FROM alias a JOIN identifier i ON i.node = a.node WHERE a.customer_id = :value"
