"""Reads the groups of a customer from the ledger, as of now."""

import sqlite3
from collections.abc import Collection

from features.consent import ConsentBook
from features.group.circle import MOST, TYPE, Circle, Circles, Other, by_kind
from features.group.sharing import said_by
from features.groups import members_of, traits_of
from features.ledger import Snapshots


class GroupReader:
    """Parameters: `ledger`, or anything that gives snapshots of one; `kinds`, of the groups that are looked at."""

    def __init__(self, ledger: Snapshots, kinds: Collection[str]) -> None:
        self._ledger = ledger
        self._kinds = kinds

    def circles(self, customer_id: str) -> Circles:
        """By kind, who is in the customer's group besides; empty for a customer without groups.

        Raises: `UnavailableError` where the ledger cannot be read.
        """
        if not self._kinds:
            return {}
        with self._ledger.read() as connection:
            joined = _joined(connection, customer_id)
            return self._circles(connection, customer_id, joined) if joined else {}

    def _circles(self, connection: sqlite3.Connection, customer_id: str, joined: dict[str, tuple[int, str]]) -> Circles:
        traits = {group: traits_of(connection, group) for group in joined}
        chosen = by_kind((call, group, traits[group].get(TYPE)) for group, call in joined.items())
        return {
            kind: Circle(group, self._others(connection, group, customer_id), traits[group])
            for kind, group in sorted(chosen.items())
            if kind in self._kinds
        }

    def _others(self, connection: sqlite3.Connection, group: str, customer_id: str) -> tuple[Other, ...]:
        others = members_of(connection, group, besides=customer_id, most=MOST)
        states = ConsentBook(self._ledger).states(others)
        return tuple(Other(other, said_by(states[other])) for other in others)


def _joined(connection: sqlite3.Connection, customer_id: str) -> dict[str, tuple[int, str]]:
    """The groups that a customer is in, each with the newest call that says so."""
    newest: dict[str, tuple[int, str, int]] = {}
    for group, *call in connection.execute(_CALLS, (customer_id,)):
        newest[group] = max(newest.get(group, (-1, "", 0)), tuple(call))
    return {group: (at, by) for group, (at, by, is_member) in newest.items() if is_member}


_CALLS = """
    SELECT m.group_id, m.occurred_us, m.message_id, m.is_member
    FROM identifier i JOIN membership m ON m.node = i.node WHERE i.customer_id = ?
"""
