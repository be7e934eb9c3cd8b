"""Who is who: from any identifier, or any id a customer ever had, to the customer's id of today."""

import sqlite3

from decisioning.customer import CustomerReference
from features.identifier import Identifier, identifier_of
from features.identity_cluster import customer_id_of
from features.ledger import Snapshots


class IdentityGraph:
    """The links of a ledger, for reading.

    Parameters: `ledger`, whose records make the links, or anything that gives snapshots of one.
    """

    def __init__(self, ledger: Snapshots) -> None:
        self._ledger = ledger

    def resolve(self, reference: CustomerReference) -> str | None:
        """The customer's id of today; None where nothing was recorded of this reference."""
        with self._ledger.read() as connection:
            return resolve(connection, reference)

    def customer_of(self, identifier: Identifier) -> str | None:
        """The customer that an identifier belongs to; None where no record does."""
        with self._ledger.read() as connection:
            row = connection.execute(_BY_IDENTIFIER, identifier).fetchone()
        return row[0] if row else None

    def identifiers(self, customer_id: str) -> tuple[Identifier, ...]:
        """Every identifier of a customer, sorted by kind and value."""
        with self._ledger.read() as connection:
            query = "SELECT kind, value FROM identifier WHERE customer_id = ? ORDER BY kind, value"
            return tuple(connection.execute(query, (customer_id,)).fetchall())

    def customer_of_node(self, node: int) -> str | None:
        """The customer that the identifier of a number belongs to; None where it is no more, or is nobody's."""
        with self._ledger.read() as connection:
            row = connection.execute("SELECT customer_id FROM identifier WHERE node = ?", (node,)).fetchone()
        return row[0] if row else None

    def nodes(self, customer_id: str) -> tuple[int, ...]:
        """The numbers of a customer's identifiers, in order."""
        with self._ledger.read() as connection:
            query = "SELECT node FROM identifier WHERE customer_id = ? ORDER BY node"
            return tuple(node for (node,) in connection.execute(query, (customer_id,)))


def unknown_customer_id(reference: CustomerReference) -> str:
    """The id under which a customer of whom nothing is recorded is decided for, before and after the first decision."""
    return customer_id_of(mention_id(reference))


def mention_id(reference: CustomerReference) -> str:
    """What stands for the record id where a decision is the earliest record of a customer."""
    kind, value = identifier_of(reference)
    return f"{kind}:{value}"


def resolve(connection: sqlite3.Connection, reference: CustomerReference) -> str | None:
    """As `IdentityGraph.resolve`, on a connection."""
    if reference.kind == "customer_id":
        row = connection.execute(_BY_ID, {"id": reference.value}).fetchone()
    else:
        row = connection.execute(_BY_IDENTIFIER, identifier_of(reference)).fetchone()
    return row[0] if row else None


_BY_IDENTIFIER = "SELECT customer_id FROM identifier WHERE kind = ? AND value = ? AND customer_id IS NOT NULL"
_BY_ID = """
    SELECT * FROM (SELECT customer_id FROM identifier WHERE customer_id = :id LIMIT 1)
    UNION ALL SELECT i.customer_id FROM alias a JOIN identifier i ON i.node = a.node WHERE a.customer_id = :id
    UNION ALL SELECT customer_id FROM identifier WHERE kind = 'customer_id' AND value = :id AND customer_id IS NOT NULL
    LIMIT 1
"""
