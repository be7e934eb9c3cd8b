"""Draws that decisions share: of those with one name only the first was drawn, and the others repeat it."""

import sqlite3
from collections.abc import Callable, Iterator

import orjson

_MARK = b'"stuck":"s_'
"""Stands in every body that names draws which are shared; also in one whose caller sends such a fact."""
_MARKED = """
    SELECT r.record_id FROM record asked
    JOIN identifier own ON own.node = asked.node
    JOIN identifier each ON each.customer_id = own.customer_id
    JOIN record r ON r.node = each.node
    WHERE asked.kind = 'decision' AND asked.record_id = ? AND r.kind = 'decision' AND instr(r.body, ?) > 0
    ORDER BY r.seq
"""
_BODY = "SELECT body FROM record WHERE kind = 'decision' AND record_id = ?"


class Draws:
    """Which decision drew first, of those that are told of in the ledger's order.

    Parameters: `earlier`, asked of the first that is told of with a name, by body and decision id: which decision was
    the first of all (None: that one). It is for who is not told of everything.

    >>> draws, body = Draws(), b'{"decision":{"stuck":"s_0123456789abcdef01234567"}}'
    >>> draws.first(body, "d_1"), draws.first(body, "d_2"), draws.first(b"{}", "d_3")
    ('d_1', 'd_1', 'd_3')
    """

    def __init__(self, earlier: Callable[[bytes, str], str] | None = None) -> None:
        self._first: dict[str, str] = {}
        self._earlier = earlier or _itself

    def first(self, body: bytes, decision_id: str) -> str:
        """The id of the decision that this one repeats the draws of; its own where it drew them."""
        stuck = _stuck(body)
        if not stuck:
            return decision_id
        if stuck not in self._first:
            self._first[stuck] = self._earlier(body, decision_id)
        return self._first[stuck]


def _stuck(body: bytes) -> str:
    """What names the draws that a decision shares with others; empty where it drew for itself."""
    if body.rfind(_MARK) < 0:
        return ""
    named: str = orjson.loads(body)["decision"].get("stuck", "")
    return named


def _itself(_: bytes, decision_id: str) -> str:
    return decision_id


def first_drawn(connection: sqlite3.Connection, body: bytes, decision_id: str) -> tuple[str, bytes]:
    """As `Draws.first`, from the ledger, with the body of that decision."""
    stuck = _stuck(body)
    if not stuck:
        return decision_id, body
    same = (told for told in _marked(connection, decision_id, stuck) if _stuck(told[1]) == stuck)
    return next(same, (decision_id, body))


def _marked(connection: sqlite3.Connection, decision_id: str, stuck: str) -> Iterator[tuple[str, bytes]]:
    """The customer's decisions, the first one first, in whose bodies this name stands, wherever that is."""
    for (each,) in connection.execute(_MARKED, (decision_id, f'"stuck":"{stuck}"'.encode())).fetchall():
        ((body,),) = connection.execute(_BODY, (each,)).fetchall()
        yield each, body
