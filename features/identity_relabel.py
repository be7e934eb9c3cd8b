"""Who is another customer after a rebuild: nobody where the settings are the same, and whom other settings concern.

What was computed for customers, such as online features, learns it as of any change: from records of kind `link`.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Iterator

from features.identity_cluster import Change, Former
from features.identity_table import IdentityTable


def note_labels(connection: sqlite3.Connection) -> None:
    """Note whose every identifier is, before they are made anew; within a write transaction."""
    connection.execute("DROP TABLE IF EXISTS temp.label")
    connection.execute(_NOTE)


def relabelled(connection: sqlite3.Connection) -> list[Change]:
    """The customers that are not what was noted, with where former ids lead now; what was noted is forgotten."""
    moved = connection.execute(_MOVED).fetchall()
    gained: dict[str, dict[str, Former]] = defaultdict(dict)
    for before, after, kind, value in moved:
        if after is not None:
            gained[after].setdefault(before, Former(before, kind, value))
    lost = {before for before, *_ in moved} - gained.keys()
    connection.execute("DROP TABLE temp.label")
    table = IdentityTable(connection)
    changes = [
        change for name in sorted({*gained, *lost}) for change in _change(connection, name, gained.get(name, {}))
    ]
    for change in changes:
        table.write_aliases(change.customer_id, change.former)
    return changes


def _change(connection: sqlite3.Connection, customer_id: str, former: dict[str, Former]) -> Iterator[Change]:
    """The change of a customer that exists."""
    found = connection.execute(_EARLIEST, (customer_id,)).fetchone()
    if found is not None:
        node, kind, value = found
        (known_us,) = connection.execute("SELECT max(known_us) FROM record").fetchone()
        yield Change(customer_id, node, (kind, value), known_us, tuple(former[name] for name in sorted(former)))


_NOTE = "CREATE TEMP TABLE label AS SELECT kind, value, customer_id FROM identifier WHERE customer_id NOTNULL"
_MOVED = """
    SELECT l.customer_id, i.customer_id, i.kind, i.value FROM temp.label l JOIN identifier i USING (kind, value)
    WHERE l.customer_id IS NOT i.customer_id ORDER BY i.first_us IS NULL, i.first_us, i.first_id, i.node
"""
_EARLIEST = """
    SELECT node, kind, value FROM identifier WHERE customer_id = ?
    ORDER BY first_us IS NULL, first_us, first_id, node LIMIT 1
"""
