"""What erasure does with each table of the ledger, so that none is forgotten.

A row belongs to a customer by one of its columns: an identifier's number (`node`, `other`, or a name that ends in
`_node`), a customer id (`customer_id`), a decision (`decision_id`). Tables without such a column are named here, with
what is done instead. A table that is neither stops every erasure: none is better than half a one.
"""

import sqlite3
from collections.abc import Collection, Mapping

from decisioning.errors import UnavailableError

KEYS = {"node": "node", "other": "node", "customer_id": "customer", "decision_id": "decision"}
"""By column, whose names it holds; besides, every column that ends in `_node`."""
DECLARED: Mapping[str, str] = {
    "reject": "searched for every name of the customer (features.privacy.mention)",
    "erasure_key": "says nothing of customers",
    "erasure": "says nothing of customers",
    "tombstone": "tokens only",
    "pool_use": "sums over all customers",
    "import": "says how far a file was read, nothing of whom it tells",
    "sqlite_sequence": "SQLite's own counter",
}


def owning_columns(connection: sqlite3.Connection) -> dict[str, dict[str, str]]:
    """By table, the columns that say whose a row is, each with whose names it holds: node, customer or decision.

    Raises: `UnavailableError` where a table is neither recognised nor declared.
    """
    tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
    found = {table: _owning(connection, table) for (table,) in tables}
    unknown = [table for table, columns in found.items() if not columns and table not in DECLARED]
    if unknown:
        raise UnavailableError(f"nothing says how to erase a customer from the tables {', '.join(unknown)}")
    return {table: columns for table, columns in found.items() if columns}


def _owning(connection: sqlite3.Connection, table: str) -> dict[str, str]:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    return {name: kind for name in columns if (kind := _kind(name))}


def _kind(column: str) -> str | None:
    return "node" if column.endswith("_node") else KEYS.get(column)


def delete_owned(connection: sqlite3.Connection, owned: Mapping[str, Collection[object]]) -> dict[str, int]:
    """Delete every row of these nodes, customers and decisions from every table; how many, by table (none left out).

    Parameters: `owned`, by kind of name (node, customer, decision), the names.
    """
    for kind, names in owned.items():
        connection.execute(f"CREATE TEMP TABLE IF NOT EXISTS erased_{kind} (name PRIMARY KEY) WITHOUT ROWID")
        connection.execute(f"DELETE FROM temp.erased_{kind}")  # noqa: S608 (constants only)
        connection.executemany(f"INSERT INTO temp.erased_{kind} VALUES (?)", [(name,) for name in names])  # noqa: S608
    removed = {table: _delete(connection, table, columns) for table, columns in owning_columns(connection).items()}
    for kind in owned:
        connection.execute(f"DELETE FROM temp.erased_{kind}")  # noqa: S608 (constants only)
    return {table: n for table, n in removed.items() if n}


def _delete(connection: sqlite3.Connection, table: str, columns: Mapping[str, str]) -> int:
    owned = [f"{name} IN (SELECT name FROM temp.erased_{kind})" for name, kind in columns.items()]  # noqa: S608 (schema)
    return connection.execute(f"DELETE FROM {table} WHERE {' OR '.join(owned)}").rowcount  # noqa: S608 (as above)
