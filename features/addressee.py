"""The identifier by which an event about a customer is written: a user id, or an anonymous id."""

import sqlite3

from decisioning.customer import CustomerReference
from decisioning.errors import NotFoundError
from features.identifier import Identifier, identifier_of
from features.identity import resolve

EVENT_NAMES = {"user_id": "userId", "anonymous_id": "anonymousId"}
"""How an event names an identifier, by kind."""


def addressee(connection: sqlite3.Connection, reference: CustomerReference) -> Identifier:
    """The identifier that the reference names where an event can carry it, else the customer's earliest such one.

    A user id of whom nothing is recorded yet is one, too. Raises: `NotFoundError` where no customer is found by another
    kind of reference, or one that no event ever named.
    """
    if reference.kind in EVENT_NAMES:
        return identifier_of(reference)
    row: Identifier | None = connection.execute(_EARLIEST, (resolve(connection, reference),)).fetchone()
    if row is None:
        raise NotFoundError(f"no user id and no anonymous id is recorded of this {reference.kind}", field="customer")
    return row


_EARLIEST = """
    SELECT kind, value FROM identifier
    WHERE customer_id = ? AND kind IN ('user_id', 'anonymous_id') AND first_us NOTNULL
    ORDER BY kind = 'anonymous_id', first_us, first_id LIMIT 1
"""
