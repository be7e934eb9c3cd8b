"""Where artifacts lie, as MLflow has written it down: in full, which is wrong once their home was moved or copied."""

import sqlite3
from contextlib import closing
from pathlib import Path

ARTIFACTS = "mlartifacts"
"""The folder of a home that holds them."""

_COLUMNS = """
    SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'
"""
_LOCATIONS = {
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
}
_ELSEWHERE = """
    SELECT DISTINCT artifact_location FROM experiments
    WHERE artifact_location LIKE 'file:///%/mlartifacts' AND artifact_location <> :here
"""


def artifacts_uri(home: Path) -> str:
    """Where the artifacts of a home lie.

    >>> artifacts_uri(Path("/srv/bank"))
    'file:///srv/bank/mlartifacts'
    """
    return (home.resolve() / ARTIFACTS).as_uri()


def follow_home(database: Path, home: Path) -> None:
    """Say where the artifacts lie now, where the home's own folder of them is written down as another home's.

    What lies anywhere else, in a bucket or under another name, was put there on purpose and is left alone; so is
    everything where the home has no such folder. Raises `sqlite3.Error`.
    """
    if not (home / ARTIFACTS).is_dir():
        return
    with closing(sqlite3.connect(database)) as connection:
        for (before,) in connection.execute(_ELSEWHERE, {"here": artifacts_uri(home)}).fetchall():
            _move(connection, before, artifacts_uri(home))
        connection.commit()


def _move(connection: sqlite3.Connection, before: str, now: str) -> None:
    moved = {"old": before, "new": now}
    there = {(table, column) for table, column in connection.execute(_COLUMNS).fetchall()}
    for table, column in there & _LOCATIONS:
        connection.execute(
            f"UPDATE {table} SET {column} = :new || substr({column}, length(:old) + 1)"  # noqa: S608 (constants)
            f" WHERE {column} = :old OR substr({column}, 1, length(:old) + 1) = :old || '/'",
            moved,
        )
