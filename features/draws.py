"""Draws that decisions share: of those with one name only the first was drawn, and the others repeat it."""

import re
import sqlite3
from collections.abc import Callable

_STUCK = re.compile(rb'"stuck":"(s_[0-9a-f]{24})"')
"""What names the draws that decisions share, in a record's body."""
_MARK = b'"stuck":"s_'
_FIRST = """
    SELECT r.record_id, r.body FROM record asked
    JOIN identifier own ON own.node = asked.node
    JOIN identifier each ON each.customer_id = own.customer_id
    JOIN record r ON r.node = each.node
    WHERE asked.kind = 'decision' AND asked.record_id = ? AND r.kind = 'decision' AND instr(r.body, ?) > 0
    ORDER BY r.seq LIMIT 1
"""


class Draws:
    """Which decision drew first, of those that are told of in the ledger's order.

    Parameters: `earlier`, asked of the first that is told of with a name, by body and decision id: which decision was
    the first of all (None: that one). It is for who is not told of everything.

    >>> draws, body = Draws(), b'{"stuck":"s_0123456789abcdef01234567"}'
    >>> draws.first(body, "d_1"), draws.first(body, "d_2"), draws.first(b"{}", "d_3")
    ('d_1', 'd_1', 'd_3')
    """

    def __init__(self, earlier: Callable[[bytes, str], str] | None = None) -> None:
        self._first: dict[bytes, str] = {}
        self._earlier = earlier or _itself

    def first(self, body: bytes, decision_id: str) -> str:
        """The id of the decision that this one repeats the draws of; its own where it drew them."""
        stuck = _STUCK.search(body) if body.rfind(_MARK) >= 0 else None
        if stuck is None:
            return decision_id
        if stuck[1] not in self._first:
            self._first[stuck[1]] = self._earlier(body, decision_id)
        return self._first[stuck[1]]


def _itself(_: bytes, decision_id: str) -> str:
    return decision_id


def first_drawn(connection: sqlite3.Connection, body: bytes, decision_id: str) -> tuple[str, bytes]:
    """As `Draws.first`, from the ledger, with the body of that decision."""
    stuck = _STUCK.search(body)
    found = connection.execute(_FIRST, (decision_id, stuck[0])).fetchone() if stuck else None
    return found or (decision_id, body)
