"""Hard facts: what nobody has two of, such as a date of birth, as the newest record of each identifier states it."""

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from features.identity_cluster import First


@dataclass(frozen=True, slots=True)
class HardFactTable:
    """Hard facts in the ledger's table.

    Parameters: `connection`, within a write transaction; `_known`, those of identifiers asked for, with their record;
    `_pending`, what is not written yet.
    """

    connection: sqlite3.Connection
    _known: dict[int, dict[str, tuple[First, str]]] = field(default_factory=dict)
    _pending: dict[tuple[int, str], tuple[str, int, str]] = field(default_factory=dict)

    def of(self, number: int) -> Mapping[str, str]:
        """The facts of an identifier, by name."""
        return {name: value for name, (_, value) in self._of(number).items()}

    def expect_none(self, number: int) -> None:
        """Say that nothing is stated of an identifier so far, so that nothing has to be looked up."""
        self._known.setdefault(number, {})

    def keep(self, number: int, name: str, *, value: str, said: First) -> bool:
        """Take in what a record states; whether the identifier's fact is another one now."""
        known = self._of(number)
        before = known.get(name)
        if before is not None and before[0] >= said:
            return False
        known[name] = said, value
        self._pending[number, name] = (value, *said)
        return before is None or before[1] != value

    def write(self) -> None:
        """Write what was stated, and hold nothing in memory any more."""
        self.connection.executemany(_KEEP, [(*key, *row) for key, row in self._pending.items()])
        self._pending.clear()
        self._known.clear()

    def _of(self, number: int) -> dict[str, tuple[First, str]]:
        if number not in self._known:
            rows = self.connection.execute(_OF, (number,)).fetchall()
            self._known[number] = {name: ((at, by), value) for name, value, at, by in rows}
        return self._known[number]


def disagree(stated: Iterable[Mapping[str, str]]) -> tuple[str, ...]:
    """The names of facts of which there is more than one value, sorted.

    >>> disagree([{"birth": "1980-05-17"}, {"birth": "1981-02-03", "tax_id": "x1"}])
    ('birth',)
    """
    values: dict[str, set[str]] = defaultdict(set)
    for facts in stated:
        for name, value in facts.items():
            values[name].add(value)
    return tuple(sorted(name for name, found in values.items() if len(found) > 1))


_OF = "SELECT name, value, occurred_us, record_id FROM hard_fact WHERE node = ?"
_KEEP = "INSERT OR REPLACE INTO hard_fact (node, name, value, occurred_us, record_id) VALUES (?, ?, ?, ?, ?)"
