"""When two identifiers of one customer became one, by the moments of the records that name them together."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import permutations, product
from typing import Any

from features.cleansing.phone import country_of
from features.event import reparse_event
from features.identifier import Identifier
from features.instant import EPOCH
from features.record import DEFECTS


@dataclass(slots=True)
class Meetings:
    """The ties of one customer's identifiers, read from its records when somebody asks.

    Parameters: `connection`, within one snapshot.
    """

    connection: sqlite3.Connection
    customer_id: str
    _ties: list[tuple[int, int, int]] | None = field(default=None)

    def one_by(self, one: int, other: int, moment_us: int) -> bool:
        """Whether records that happened up to a moment tie two identifiers, directly or through others."""
        if self._ties is None:
            self._ties = [*self._named_together(), *self._said()]
        reached, ahead = {one}, [one]
        while ahead:
            node = ahead.pop()
            for at, left, right in self._ties:
                if at <= moment_us and node in (left, right):
                    ahead += {left, right} - reached
                    reached |= {left, right}
        return other in reached

    def _named_together(self) -> list[tuple[int, int, int]]:
        """The earliest record of each link.

        Which addresses and national numbers a workspace takes for identifiers is not asked here: one that may be
        counts only where no other record explains the link, and the later moment is the stricter one.
        """
        nodes: dict[Identifier, int] = {
            (kind, value): node for node, kind, value in self.connection.execute(_NODES, (self.customer_id,))
        }
        links = set(self.connection.execute(_LINKS, (self.customer_id,)))
        found: dict[tuple[int, int], int] = {}
        countries = ("", *sorted({country_of(value) for kind, value in nodes if kind == "phone"} - {""}))
        for trust_email, country in product((False, True), countries):
            missing = links - found.keys()
            if missing:
                found |= self._earliest(nodes, missing, {"trust_email": trust_email, "country": country})
        return [(at, one, other) for (one, other), at in found.items()]

    def _earliest(
        self, nodes: Mapping[Identifier, int], links: set[tuple[int, int]], reading: Mapping[str, Any]
    ) -> dict[tuple[int, int], int]:
        found: dict[tuple[int, int], int] = {}
        for occurred_us, body in self.connection.execute(OF_CUSTOMER, (self.customer_id,)):
            if len(found) == len(links):
                break
            named = [nodes[each] for each in _identifiers(body, reading) if each in nodes]
            for pair in permutations(named, 2):
                if pair in links:
                    found.setdefault(pair, occurred_us)
        return found

    def _said(self) -> list[tuple[int, int, int]]:
        return self.connection.execute(_WORDS, (self.customer_id,)).fetchall()


def _identifiers(body: bytes, reading: Mapping[str, Any]) -> tuple[Identifier, ...]:
    """What an event names; nothing where it cannot be read."""
    try:
        return reparse_event(body, occurred_at=EPOCH, received_at=EPOCH, source="", **reading).identifiers
    except DEFECTS:
        return ()


_NODES = "SELECT node, kind, value FROM identifier WHERE customer_id = ?"
_LINKS = """
    SELECT l.node, l.other FROM identifier i JOIN link l ON l.node = i.node JOIN identifier o ON o.node = l.other
    WHERE i.customer_id = ? AND o.customer_id = i.customer_id
"""
_MAY_NAME_TWO = " + ".join(
    f"(instr(r.body, CAST('\"{name}\"' AS BLOB)) > 0)" for name in ("userId", "anonymousId", "previousId", "traits")
)
OF_CUSTOMER = f"""
    SELECT r.occurred_us, r.body FROM identifier i JOIN record r ON r.node = i.node
    WHERE i.customer_id = ? AND +r.kind = 'event' AND {_MAY_NAME_TWO} >= 2 ORDER BY r.occurred_us
"""  # noqa: S608 (constants only)
"""The `+` keeps SQLite from the index on kinds, which would read the events of everybody."""
_WORDS = """
    SELECT w.occurred_us, w.node, w.other FROM identifier i JOIN word w ON w.node = i.node
    WHERE i.customer_id = ? AND w.merged
"""
