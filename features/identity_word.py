"""Words: what somebody said of two identifiers, that they belong together or that they do not; the last one counts."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple


class Word(NamedTuple):
    """One word on a pair of identifiers; the greatest by (occurred_us, record_id) is the last.

    Parameters: `merged`, whether they belong together; `certain`, said knowing what stands against it, so that guards
    do not stop it; `weight`, evidence in bits, None where somebody simply says so.
    """

    occurred_us: int
    record_id: str
    merged: bool
    certain: bool = False
    weight: float | None = None


@dataclass(frozen=True, slots=True)
class WordTable:
    """The last word on every pair, in the ledger's table. Parameters: `connection`, within a write transaction."""

    connection: sqlite3.Connection

    def of(self, number: int) -> Mapping[int, Word]:
        """The last words on an identifier, by the number of the other one."""
        rows = self.connection.execute(_OF, (number,)).fetchall()
        return {other: _word(*said) for other, *said in rows}

    def keep(self, number: int, other: int, word: Word) -> bool:
        """Take in a word; whether it is the last one on its pair."""
        before = self.of(number).get(other)
        if before is not None and before[:2] >= word[:2]:
            return False
        said = (word.occurred_us, word.record_id, word.merged, word.certain, word.weight)
        self.connection.executemany(_KEEP, [(number, other, *said), (other, number, *said)])
        return True

    def propose(self, number: int, other: int, said: tuple[int, str]) -> None:
        """Take in a proposal on a pair; the last one counts."""
        self.connection.execute(_PROPOSE, (number, other, *said))


def _word(occurred_us: int, record_id: str, merged: int, certain: int, weight: float | None) -> Word:
    return Word(occurred_us, record_id, bool(merged), bool(certain), weight)


_OF = "SELECT other, occurred_us, record_id, merged, certain, weight FROM word WHERE node = ? ORDER BY other"
_KEEP = """
    INSERT OR REPLACE INTO word (node, other, occurred_us, record_id, merged, certain, weight)
    VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_PROPOSE = """
    INSERT INTO proposal (node, other, occurred_us, record_id) VALUES (?, ?, ?, ?)
    ON CONFLICT (node, other) DO UPDATE SET occurred_us = excluded.occurred_us, record_id = excluded.record_id
    WHERE (excluded.occurred_us, excluded.record_id) > (proposal.occurred_us, proposal.record_id)
"""
