"""Feast's DuckDB offline store with a point-in-time join of our own: named by its class path in `feature_store.yaml`.

Feast's own joins every row with all that came before it and then keeps the newest. Here DuckDB's ASOF JOIN looks for
places in the files by key and time alone, and the state columns are read from those places. A test holds both equal.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa
from feast.feature_view import FeatureView
from feast.infra.offline_stores.duckdb import DuckDBOfflineStore, DuckDBOfflineStoreConfig
from feast.infra.offline_stores.file_source import FileSource
from feast.infra.offline_stores.offline_store import RetrievalJob
from feast.infra.registry.base_registry import BaseRegistry
from feast.repo_config import RepoConfig

from decisioning.errors import InvalidInputError

CLASS_PATH = "features.feast_offline_store.AsOfOfflineStore"
KEY, TIME = "customer_id", "event_timestamp"
MICROSECOND = timedelta(microseconds=1)
BOUNDS: Mapping[str, str | bool] = {"memory_limit": "512MB", "preserve_insertion_order": False}
"""A join beyond it goes on by way of the disk: a training reads history beside much else that it holds in memory."""


class AsOfOfflineStoreConfig(DuckDBOfflineStoreConfig):
    """The `offline_store` section of `feature_store.yaml`."""

    type: Literal["features.feast_offline_store.AsOfOfflineStore"] = "features.feast_offline_store.AsOfOfflineStore"


class AsOfOfflineStore(DuckDBOfflineStore):
    """Joins a frame of customers and moments with the newest state known at each; all else is as Feast has it."""

    @staticmethod
    def get_historical_features(  # type: ignore[override]  # feast's last argument is among `options`
        config: RepoConfig,
        feature_views: list[FeatureView],
        feature_refs: list[str],
        entity_df: pd.DataFrame | str,
        registry: BaseRegistry,
        project: str,
        full_feature_names: bool = False,  # noqa: FBT001, FBT002 - feast's signature
        **options: Any,
    ) -> RetrievalJob:
        """The rows of `entity_df` with the state columns that `feature_refs` name (`view:column`), null where none.

        A frame without columns customer_id and event_timestamp, and what else we never ask, goes Feast's way.
        """
        asked = _asked(feature_views, feature_refs)
        if not isinstance(entity_df, pd.DataFrame) or not {KEY, TIME} <= {*entity_df.columns} or any(options.values()):
            return DuckDBOfflineStore.get_historical_features(
                config, feature_views, feature_refs, entity_df, registry, project, full_feature_names, **options
            )
        return AsOfJob(entity_df, asked, full_feature_names=full_feature_names)


class Asked(NamedTuple):
    """The columns asked of one view. Parameters: `files`, a pattern; `ttl_us`, how long a row is believed, or None."""

    view: str
    files: str
    columns: tuple[str, ...]
    ttl_us: int | None


class AsOfJob(RetrievalJob):
    """Computes the join when it is asked for."""

    def __init__(self, entities: pd.DataFrame, asked: Sequence[Asked], *, full_feature_names: bool) -> None:
        super().__init__()
        self._entities = entities
        self._asked = asked
        self._full_feature_names = full_feature_names

    @property
    def full_feature_names(self) -> bool:
        """Whether columns are named `view__column`."""
        return self._full_feature_names

    @property
    def on_demand_feature_views(self) -> list[Any]:
        """None: what depends on the clock is computed by `at`."""
        return []

    def _to_df_internal(self, timeout: int | None = None) -> pd.DataFrame:
        frame: pd.DataFrame = self._to_arrow_internal(timeout).to_pandas()
        return frame

    def _to_arrow_internal(self, timeout: int | None = None) -> pa.Table:  # noqa: ARG002 - feast's signature
        table = pa.Table.from_pandas(self._entities, preserve_index=False)
        with TemporaryDirectory() as spill, duckdb.connect(config={**BOUNDS, "temp_directory": spill}) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.register("entity", _keys(self._entities))
            for asked in self._asked:
                for name, values in _joined(connection, asked, len(self._entities)):
                    title = f"{asked.view}__{name}" if self._full_feature_names else name
                    table = table.append_column(title, pa.array(values, from_pandas=True))
        return table


def _asked(views: Sequence[FeatureView], refs: Sequence[str]) -> list[Asked]:
    columns: dict[str, list[str]] = {}
    for ref in refs:
        view, _, column = ref.partition(":")
        columns.setdefault(view, []).append(column)
    return [
        Asked(name, _files(view), tuple(columns[name]), view.ttl // MICROSECOND if view.ttl else None)
        for view in views
        if (name := view.projection.name_alias or view.name) in columns
    ]


def _files(view: FeatureView) -> str:
    source = view.batch_source
    if not isinstance(source, FileSource):
        raise InvalidInputError(f"the history of view {view.name} is in no files")
    return str(source.path)


def _keys(entities: pd.DataFrame) -> pd.DataFrame:
    moments = pd.to_datetime(entities[TIME], utc=True).dt.as_unit("us")
    return pd.DataFrame({KEY: entities[KEY].astype(str), TIME: moments, "row": np.arange(len(entities))})


def _joined(connection: duckdb.DuckDBPyConnection, asked: Asked, n: int) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Each column asked of a view, shape (n,), NaN where nothing was known."""
    listed = ", ".join(f'state."{name}"' for name in asked.columns)
    question = _QUESTION.format(columns=listed)
    found = connection.execute(question, {"files": asked.files, "ttl": asked.ttl_us}).fetchnumpy()
    row = found.pop("row")
    for name, values in found.items():
        column = np.full(n, np.nan)
        column[row] = np.ma.filled(values, np.nan)
        yield name, column


_PLACE = "(file_index::BIGINT << 40) + file_row_number"
_QUESTION = f"""
WITH told AS (
    SELECT customer_id, event_timestamp, max_by({_PLACE}, created_timestamp) AS place
    FROM read_parquet($files, file_row_number = true) GROUP BY customer_id, event_timestamp
), found AS (
    SELECT entity.row, told.place
    FROM entity ASOF JOIN told
    ON entity.customer_id = told.customer_id AND entity.event_timestamp >= told.event_timestamp
    WHERE $ttl IS NULL OR told.event_timestamp + to_microseconds($ttl) >= entity.event_timestamp
)
SELECT found.row, {{columns}}
FROM read_parquet($files, file_row_number = true) AS state JOIN found ON {_PLACE} = found.place
"""  # noqa: S608 (names of columns only)
