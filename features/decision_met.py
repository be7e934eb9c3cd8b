"""What a decision meets in the ledger when it is recorded: one look at everything that it is checked against."""

import sqlite3
from typing import NamedTuple

from decisioning.customer import CustomerReference
from decisioning.decision import Decision
from decisioning.errors import ConflictError, StaleContactsError
from features.identifier import Identifier, identifier_of
from features.identity import resolve
from features.record import DECISION


class Met(NamedTuple):
    """What is there.

    Parameters: `home`, the identifier that the decision is made for; `node`, its number, and `first_us` and `first_id`,
    the earliest record that belongs to it (None: there is none); `contacts`, the version of its customer's contacts;
    `request_used` and `decision_used`, whether the ids were used before; `anything_erased`, ever; `is_awaited`, whether
    outcomes wait for this decision.
    """

    home: Identifier
    node: int | None
    first_us: int | None
    first_id: str | None
    contacts: int
    request_used: bool
    decision_used: bool
    anything_erased: bool
    is_awaited: bool

    def settled(self, decided_us: int) -> int | None:
        """The number of the identifier, where a decision of that moment says nothing new of it; else None."""
        if self.node is None or self.first_us is None or self.first_id is None:
            return None
        return self.node if (self.first_us, self.first_id) <= mention(self.home, decided_us) else None

    def refuse_repeated(self, decision: Decision) -> None:
        """Raise `ConflictError` where an id of the decision was used before."""
        if self.request_used:
            raise ConflictError(f"request_id {decision.request_id!r} was used before", field="request_id")
        if self.decision_used:
            raise ConflictError(f"decision_id {decision.decision_id!r} was used before", field="decision_id")

    def refuse_stale(self, decision: Decision) -> None:
        """Raise `StaleContactsError` where the customer's contacts changed since the decision read them."""
        version, read = self.contacts, decision.contacts_version
        if version != read:
            raise StaleContactsError(f"contacts are at version {version}, the decision was made from version {read}")


def met_by(connection: sqlite3.Connection, decision: Decision) -> Met:
    """What a decision meets, within a write transaction."""
    customer_id, home = _home(connection, decision.reference)
    kind, value = home
    asked = {"request": decision.request_id, "decision": decision.decision_id}
    row = connection.execute(_MET, {**asked, "customer": customer_id, "kind": kind, "value": value}).fetchone()
    return Met(home, *row)


def mention(home: Identifier, decided_us: int) -> tuple[int, str]:
    """A decision as the earliest record of an identifier, by which its customer would be named."""
    return decided_us, ":".join(home)


def _home(connection: sqlite3.Connection, reference: CustomerReference) -> tuple[str | None, Identifier]:
    """The identifier that a reference means: its own, or for a customer id the customer's earliest; with that id."""
    if reference.kind != "customer_id":
        return None, identifier_of(reference)
    customer_id = resolve(connection, reference)
    found: Identifier | None = connection.execute(_EARLIEST, (customer_id,)).fetchone()
    return customer_id, found or identifier_of(reference)


_MET = f"""
    SELECT i.node, i.first_us, i.first_id,
        (SELECT coalesce(sum(contacts), 0) FROM identifier WHERE customer_id = coalesce(:customer, i.customer_id)),
        EXISTS (SELECT 1 FROM request WHERE request_id = :request),
        EXISTS (SELECT 1 FROM record WHERE kind = '{DECISION}' AND record_id = :decision),
        EXISTS (SELECT 1 FROM erasure),
        EXISTS (SELECT 1 FROM quarantine WHERE decision_id = :decision)
    FROM (SELECT 1) LEFT JOIN identifier i ON i.kind = :kind AND i.value = :value
"""  # noqa: S608 (constants only)
_EARLIEST = """
    SELECT kind, value FROM identifier WHERE customer_id = ? AND first_us NOTNULL ORDER BY first_us, first_id LIMIT 1
"""
