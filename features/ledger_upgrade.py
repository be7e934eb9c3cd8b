"""Bringing the ledger of an earlier release up to this one: records stay as they are, projections are made anew."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from features.file_lock import alone, lock_beside
from features.ledger_file import connect, naming, version_of
from features.ledger_schema import EARLIER, PROJECTIONS, TABLES, VERSION


def upgrade(path: Path, rebuild: Callable[[sqlite3.Connection], int]) -> int | None:
    """Upgrade a ledger in one transaction, all or nothing; the version it had, None where there was nothing to do.

    Parameters: `rebuild`, makes every projection anew within a write transaction, as the workspace says.
    Raises: `UnavailableError`, naming the file, where it cannot be used.
    """
    if not path.exists():
        return None
    with naming(path), alone(lock_beside(path)):
        connection = connect(path)
        try:
            found = version_of(connection)
            if found not in EARLIER:
                return None
            _upgrade(connection, rebuild)
            return found
        finally:
            connection.close()


def _upgrade(connection: sqlite3.Connection, rebuild: Callable[[sqlite3.Connection], int]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        _change_tables(connection)
        rebuild(connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _change_tables(connection: sqlite3.Connection) -> None:
    """Drop projections and what is no more, add the columns that are missing, create what is new."""
    with closing(sqlite3.connect(":memory:")) as wanted:
        wanted.executescript(TABLES)
        _change_into(connection, wanted)


def _change_into(connection: sqlite3.Connection, wanted: sqlite3.Connection) -> None:
    _number_requests(connection, wanted)
    tables = _names(wanted, "table")
    for table in _names(connection, "table"):
        if table not in tables or table in PROJECTIONS:
            connection.execute(f"DROP TABLE {table}")
        else:
            _add_columns(connection, table, wanted)
    there = {*_names(connection, "table"), *_names(connection, "index")}
    for name, statement in wanted.execute(_STATEMENTS).fetchall():
        if name not in there:
            connection.execute(statement)


def _number_requests(connection: sqlite3.Connection, wanted: sqlite3.Connection) -> None:
    """Put the answers given under the numbers of their decisions' records, where they lie by their requests' ids."""
    if connection.execute("SELECT 1 FROM pragma_table_info('request') WHERE name = 'seq'").fetchone():
        return
    (created,) = wanted.execute("SELECT sql FROM sqlite_master WHERE name = 'request'").fetchone()
    connection.execute("ALTER TABLE request RENAME TO request_by_id")
    connection.execute(created)
    connection.execute(_NUMBERED)
    connection.execute("DROP TABLE request_by_id")


def _add_columns(connection: sqlite3.Connection, table: str, wanted: sqlite3.Connection) -> None:
    query = f"SELECT name, type, \"notnull\", dflt_value FROM pragma_table_info('{table}')"  # noqa: S608 (our own names)
    there = {row[0] for row in connection.execute(query)}
    for name, kind, required, default in wanted.execute(query).fetchall():
        if name not in there:
            rule = f"{' NOT NULL' if required else ''}{'' if default is None else f' DEFAULT {default}'}"
            connection.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind}{rule}")


def _names(connection: sqlite3.Connection, kind: str) -> list[str]:
    return [name for (name,) in connection.execute(_NAMES, (kind,)).fetchall()]


_NUMBERED = """
    INSERT INTO request (seq, request_id, decision_id, body_hash, answer)
    SELECT r.seq, q.request_id, q.decision_id, q.body_hash, q.answer
    FROM request_by_id q JOIN record r ON r.kind = 'decision' AND r.record_id = q.decision_id ORDER BY r.seq
"""
_NAMES = "SELECT name FROM sqlite_master WHERE type = ? AND name NOT LIKE 'sqlite_%'"
_STATEMENTS = "SELECT name, sql FROM sqlite_master WHERE sql NOTNULL AND name NOT LIKE 'sqlite_%' ORDER BY type DESC"
