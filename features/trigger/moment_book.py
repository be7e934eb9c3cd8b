"""How far every trigger came with every customer, in a database of its own below the home.

It hangs on identifiers, as projections of the ledger do: a trigger's course with a customer is that of all identifiers
the customer has today. What was decided is in the ledger; a book that is lost is read anew, and decides nothing twice.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from decisioning.errors import UnavailableError
from decisioning.trigger import Course
from features.instant import from_us, to_us


class Sign(NamedTuple):
    """What an event says of a trigger. Parameters: `begins`, or calls it off; `record_id`, the event's."""

    trigger: str
    node: int
    at_us: int
    record_id: str
    begins: bool


class Occasion(NamedTuple):
    """One beginning of a trigger with one customer. Parameters: `record_id`, of the event that began it."""

    course: Course
    record_id: str


class MomentBook:
    """The book of a home. Parameters: `path`; made where it is missing.

    Raises from every method: `UnavailableError` where it cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read_until(self, trigger: str, digest: str) -> int | None:
        """The record that was read last for a trigger of these very words; None where it is new."""
        with self.transaction() as connection:
            row = connection.execute(_READ_UNTIL, (trigger, digest)).fetchone()
        return None if row is None else int(row[0])

    def begin(self, trigger: str, digest: str, seq: int) -> None:
        """Follow a trigger, new or of new words, from a record on; what fired stays known."""
        with self.transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO trigger VALUES (?, ?, ?)", (trigger, digest, seq))
            connection.execute("UPDATE moment SET began_us = NULL, due_us = NULL WHERE trigger = ?", (trigger,))

    def remember(self, trigger: str, fired: Iterable[tuple[int, int]]) -> None:
        """Know for which identifiers it fired when (microseconds), but for what is known already."""
        with self.transaction() as connection:
            for node, at_us in fired:
                connection.execute(_MENTION, (trigger, node))
                connection.execute(_REMEMBER, (at_us, trigger, node))

    def note(self, signs: Iterable[Sign], *, after_us: dict[str, int], seq: int) -> None:
        """Keep what events said, and that they were read up to a record, for every trigger named in `after_us`.

        Parameters: `after_us`, by trigger, how long after its beginning it is due.
        """
        with self.transaction() as connection:
            for sign in signs:
                connection.execute(_MENTION, (sign.trigger, sign.node))
                due_us = sign.at_us + after_us[sign.trigger]
                connection.execute(*(_begun(sign, due_us) if sign.begins else _called_off(sign)))
            connection.executemany(_READ, [(seq, trigger) for trigger in after_us])

    def due(self, *, now: datetime, most: int) -> list[tuple[str, int]]:
        """Up to so many (trigger, identifier) whose time has come, the longest due first."""
        with self.transaction() as connection:
            return connection.execute(_DUE, (to_us(now), most)).fetchall()

    def occasion(self, trigger: str, nodes: Iterable[int]) -> Occasion:
        """How far a trigger came with a customer of these identifiers, whichever of them it was."""
        with self.transaction() as connection:
            rows = [row for node in nodes for row in connection.execute(_COURSE, (trigger, node))]
        began = max((row[:2] for row in rows if row[0] is not None), default=(None, ""))
        newest = [max((row[place] for row in rows if row[place] is not None), default=None) for place in (2, 3, 4)]
        return Occasion(Course(*map(_moment, (began[0], *newest))), began[1])

    def fired(self, trigger: str, customers: Mapping[str, Iterable[int]]) -> dict[str, datetime]:
        """When a trigger fired last for each of some customers; who it never fired for is left out.

        Parameters: `customers`, the identifiers of each.
        """
        with self.transaction() as connection:
            found = {
                customer_id: [us for node in nodes for (us,) in connection.execute(_FIRED, (trigger, node))]
                for customer_id, nodes in customers.items()
            }
        return {customer_id: from_us(max(times)) for customer_id, times in found.items() if times}

    def deal_with(self, trigger: str, node: int, began: datetime) -> None:
        """Say that a beginning is not worth a decision, or no longer: nothing of it is due any more."""
        with self.transaction() as connection:
            dealt_with(connection, trigger, node, began)

    def wait(self, trigger: str, node: int, due: datetime) -> None:
        """Look again then, and not before."""
        with self.transaction() as connection:
            connection.execute(_WAIT, (to_us(due), trigger, node))

    def forget(self, trigger: str, node: int) -> None:
        """Drop what hangs on a trigger or an identifier that is no more."""
        with self.transaction() as connection:
            connection.execute("DELETE FROM moment WHERE trigger = ? AND node = ?", (trigger, node))

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection within one transaction, which ends with the block."""
        try:
            with closing(sqlite3.connect(self.path, isolation_level=None, timeout=10)) as connection:
                connection.executescript(_TABLES)
                connection.execute("BEGIN IMMEDIATE")
                with connection:
                    yield connection
        except sqlite3.Error as error:
            raise UnavailableError(f"the triggers' book {self.path} cannot be used: {error}") from error


def dealt_with(
    connection: sqlite3.Connection, trigger: str, node: int, began: datetime, *, fired: datetime | None = None
) -> None:
    """As `MomentBook.deal_with`, on a connection. Parameters: `fired`, when a decision was made of it."""
    at_us, fired_us = to_us(began), None if fired is None else to_us(fired)
    connection.execute(_MENTION, (trigger, node))
    connection.execute(_DEAL_WITH, (at_us, fired_us, at_us, trigger, node))


def _moment(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


def _begun(sign: Sign, due_us: int) -> tuple[str, tuple[int | str, ...]]:
    return _BEGUN, (sign.at_us, sign.record_id, due_us, sign.trigger, sign.node, sign.at_us, sign.at_us)


def _called_off(sign: Sign) -> tuple[str, tuple[int | str, ...]]:
    return _CALLED_OFF, (sign.at_us, sign.at_us, sign.trigger, sign.node)


_TABLES = """
CREATE TABLE IF NOT EXISTS trigger (name TEXT PRIMARY KEY, digest TEXT NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS moment (
    trigger TEXT NOT NULL,
    node INTEGER NOT NULL,
    began_us INTEGER,
    record_id TEXT NOT NULL DEFAULT '',
    called_off_us INTEGER,
    dealt_with_us INTEGER,
    fired_us INTEGER,
    due_us INTEGER,
    PRIMARY KEY (trigger, node)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS moment_due ON moment (due_us) WHERE due_us IS NOT NULL;
CREATE TABLE IF NOT EXISTS delivery (
    delivery_id TEXT PRIMARY KEY,
    trigger TEXT NOT NULL,
    request_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_us INTEGER,
    until_us INTEGER NOT NULL,
    said TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS delivery_due ON delivery (channel, next_us) WHERE next_us IS NOT NULL;
DROP INDEX IF EXISTS delivery_next;
"""
_READ_UNTIL = "SELECT seq FROM trigger WHERE name = ? AND digest = ?"
_READ = "UPDATE trigger SET seq = ? WHERE name = ?"
_MENTION = "INSERT OR IGNORE INTO moment (trigger, node) VALUES (?, ?)"
_BEGUN = """
    UPDATE moment SET began_us = ?, record_id = ?, due_us = ?
    WHERE trigger = ? AND node = ? AND (began_us IS NULL OR began_us <= ?)
      AND (dealt_with_us IS NULL OR dealt_with_us < ?)
"""
_CALLED_OFF = "UPDATE moment SET called_off_us = max(?, ifnull(called_off_us, ?)) WHERE trigger = ? AND node = ?"
_DUE = "SELECT trigger, node FROM moment WHERE due_us <= ? ORDER BY due_us, trigger, node LIMIT ?"
_COURSE = """
    SELECT began_us, record_id, called_off_us, dealt_with_us, fired_us FROM moment WHERE trigger = ? AND node = ?
"""
_FIRED = "SELECT fired_us FROM moment WHERE trigger = ? AND node = ? AND fired_us IS NOT NULL"
_DEAL_WITH = """
    UPDATE moment SET
        dealt_with_us = ?,
        fired_us = ifnull(?, fired_us),
        due_us = CASE WHEN began_us > ? THEN due_us END
    WHERE trigger = ? AND node = ?
"""
_REMEMBER = "UPDATE moment SET fired_us = ? WHERE trigger = ? AND node = ? AND fired_us IS NULL"
_WAIT = "UPDATE moment SET due_us = ? WHERE trigger = ? AND node = ?"
