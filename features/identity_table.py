"""The identity graph in the ledger's tables: what `features.identity_memory` looks up and writes back."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from features.identifier import Identifier
from features.identity_cluster import Former, Node, Refusal

Row = tuple[int, str, str, str | None, int | None, str | None, int, int]
"""(node, kind, value, customer_id, first_us, first_id, dissolved, marks)"""
_AT_ONCE = 500
_ROW = "SELECT node, kind, value, customer_id, first_us, first_id, dissolved, marks FROM identifier"


@dataclass(frozen=True, slots=True)
class IdentityTable:
    """Identifiers, links and aliases.

    Parameters: `connection`, within a write transaction; `_pending`, links that are noted, but not written yet.
    """

    connection: sqlite3.Connection
    _pending: list[tuple[int, int]] = field(default_factory=list)

    def all_nodes(self) -> Iterable[Row]:
        """Every identifier."""
        return self.connection.execute(_ROW).fetchall()

    def all_pairs(self) -> Iterable[tuple[int, int]]:
        """Every link, in both directions."""
        return self.connection.execute("SELECT node, other FROM link").fetchall()

    def named(self, kind: str, value: str) -> list[Row]:
        """The identifier, where it is known."""
        return self.connection.execute(f"{_ROW} WHERE kind = ? AND value = ?", (kind, value)).fetchall()

    def all_named(self, identifiers: Iterable[Identifier]) -> Iterator[Row]:
        """Those of the identifiers that are known."""
        for kind, same in groupby(sorted(identifiers), key=itemgetter(0)):
            values = [value for _, value in same]
            for start in range(0, len(values), _AT_ONCE):
                some = values[start : start + _AT_ONCE]
                query = f"{_ROW} WHERE kind = ? AND value IN ({', '.join('?' * len(some))})"
                yield from self.connection.execute(query, (kind, *some)).fetchall()

    def numbered(self, number: int) -> list[Row]:
        """The identifier of a number."""
        return self.connection.execute(f"{_ROW} WHERE node = ?", (number,)).fetchall()

    def of_customer(self, customer_id: str) -> list[Row]:
        """Every identifier of a customer."""
        return self.connection.execute(f"{_ROW} WHERE customer_id = ?", (customer_id,)).fetchall()

    def next_number(self) -> int:
        """The number of the next new identifier, higher than that of any erased one."""
        numbers = self.connection.execute(_HIGHEST).fetchone()
        return max(number or 0 for number in numbers) + 1

    def is_linked(self, number: int, other: int) -> bool:
        """Whether two identifiers were named together."""
        query = "SELECT 1 FROM link WHERE node = ? AND other = ?"
        return self.connection.execute(query, (number, other)).fetchone() is not None

    def neighbours(self, number: int) -> list[int]:
        """The identifiers named together with this one, in order of their numbers."""
        self.write_links()
        rows = self.connection.execute("SELECT other FROM link WHERE node = ? ORDER BY other", (number,))
        return [other for (other,) in rows.fetchall()]

    def degree(self, number: int) -> tuple[int, int]:
        """How many user ids, and how many identifiers, were named together with this one."""
        users, others = self.connection.execute(_DEGREE, (number,)).fetchone()
        return users, others

    def add_link(self, number: int, other: int) -> None:
        """Note one direction of a link, for `write_links`."""
        self._pending.append((number, other))

    def write_links(self) -> None:
        """Write the links that were noted, in order of their numbers."""
        self.connection.executemany("INSERT INTO link (node, other) VALUES (?, ?)", sorted(self._pending))
        self._pending.clear()

    def write(self, nodes: Collection[Node]) -> None:
        """Insert the new ones, in order of their numbers, and update the others."""
        new = sorted((node for node in nodes if node.is_new), key=lambda node: node.node)
        self.connection.executemany(_UPDATE, [_label(node) for node in nodes if not node.is_new])
        self.connection.executemany(_INSERT, [(node.kind, node.value, *_label(node)) for node in new])
        for node in new:
            node.is_new = False

    def forget_refusals(self, numbers: Iterable[int]) -> None:
        """Drop the refused ties of identifiers."""
        self.connection.executemany("DELETE FROM refusal WHERE node = ?", [(number,) for number in numbers])

    def write_refusals(self, refused: Iterable[Refusal]) -> None:
        """Write ties that were refused, with their reasons."""
        rows = [(each.one.node, each.other.node, each.reason, each.is_said) for each in refused]
        self.connection.executemany("INSERT INTO refusal (node, other, reason, said) VALUES (?, ?, ?, ?)", rows)

    def write_aliases(self, customer_id: str, former: Iterable[Former]) -> None:
        """Remember where former customer ids lead, unless they name a customer still; `customer_id` now does."""
        self.connection.execute("DELETE FROM alias WHERE customer_id = ?", (customer_id,))
        self.connection.executemany(_ALIAS, former)


def _label(node: Node) -> tuple[str | None, int | None, str | None, int, int, int]:
    first_us, first_id = node.first or (None, None)
    return node.stored, first_us, first_id, int(node.dissolved), node.marks, node.node


_INSERT = """
    INSERT INTO identifier (kind, value, customer_id, first_us, first_id, dissolved, marks, node)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""
_UPDATE = "UPDATE identifier SET customer_id = ?, first_us = ?, first_id = ?, dissolved = ?, marks = ? WHERE node = ?"
_ALIAS = """
    INSERT OR REPLACE INTO alias (customer_id, node)
    SELECT ?1, node FROM identifier
    WHERE kind = ?2 AND value = ?3 AND NOT EXISTS (SELECT 1 FROM identifier WHERE customer_id = ?1)
"""
_HIGHEST = "SELECT (SELECT max(node) FROM identifier), (SELECT max(last_node) FROM erasure)"
_DEGREE = """
    SELECT count(*) FILTER (WHERE o.kind = 'user_id'), count(*) FROM link JOIN identifier o ON o.node = other
    WHERE link.node = ?
"""
