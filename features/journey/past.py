"""The history of many customers, read from Parquet by DuckDB in pieces that fit into memory."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import timedelta
from itertools import pairwise

import duckdb
import numpy as np
import pyarrow as pa

from features.feature_set import FeatureSet
from features.history import History
from features.home import Home
from features.journey.timeline import FOR_EVER_US, ViewRows

MICROSECOND = timedelta(microseconds=1)
AT_ONCE = 300_000
"""Rows of history that are held at once, about; customers stay whole."""
MEMORY = "1GB"
"""What DuckDB may use before it writes to disk."""


class Past:
    """Reads what was known of customers before a moment.

    Parameters: `customers`, the ids of those who exist today, whose places are their numbers; `columns`, the state
    columns that are wanted, by view.
    """

    def __init__(
        self, home: Home, features: FeatureSet, *, customers: Sequence[str], columns: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._history = History(home.history, features)
        self._features = features
        self._customers = customers
        self._columns = columns

    def pieces(self, until_us: int) -> Iterator[tuple[ViewRows, ...]]:
        """The rows of every wanted view, some customers at a time, in the order of their numbers.

        Raises `UnavailableError` where history was written by another definition of the features.
        """
        self._history.check()
        with closing(duckdb.connect()) as connection:
            connection.execute(f"SET memory_limit = '{MEMORY}'")
            ids = pa.table(
                {"customer_id": pa.array(self._customers, pa.string()), "n": np.arange(len(self._customers))}
            )
            connection.register("known", ids)
            connection.execute("CREATE TABLE living AS SELECT * FROM known")
            for low, high in self._ranges(connection):
                yield tuple(self._rows(connection, view, (low, high, until_us)) for view in self._columns)

    def _ranges(self, connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[int, int]]:
        """Customers in ranges of about equally many rows."""
        n_rows = 0
        for view in self._columns:
            counted = connection.execute(f"SELECT count(*) FROM {self._files(view)}").fetchone()  # noqa: S608 (own names)
            n_rows += counted[0] if counted else 0
        n_pieces = max(1, -(-n_rows // AT_ONCE))
        edges = np.linspace(0, len(self._customers), n_pieces + 1).round().astype(int).tolist()
        yield from pairwise(edges)

    def _rows(self, connection: duckdb.DuckDBPyConnection, view: str, within: tuple[int, int, int]) -> ViewRows:
        columns = self._columns[view]
        wanted = ", ".join(f"coalesce({_quoted(column)}, 'nan'::DOUBLE) AS {_quoted(column)}" for column in columns)
        found = connection.execute(
            f"""
            SELECT n, epoch_us(event_timestamp) AS at_us, {wanted}
            FROM {self._files(view)} JOIN living USING (customer_id)
            WHERE n >= ? AND n < ? AND event_timestamp < make_timestamptz(?)
            QUALIFY row_number() OVER (PARTITION BY n, event_timestamp ORDER BY created_timestamp DESC) = 1
            ORDER BY n, at_us
            """,  # noqa: S608 (names of our own views and columns)
            within,
        ).fetchnumpy()
        state = np.stack([np.asarray(found[column], dtype=np.float64) for column in columns], axis=1)
        ttl = self._features.view(view).ttl
        return ViewRows(
            np.asarray(found["n"], dtype=np.intp),
            np.asarray(found["at_us"], dtype=np.int64),
            state,
            columns,
            ttl // MICROSECOND if ttl else FOR_EVER_US,
        )

    def _files(self, view: str) -> str:
        return f"read_parquet('{self._history.files(view).replace(chr(39), chr(39) * 2)}')"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
