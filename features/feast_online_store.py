"""Feast's online store on our packed rows: named by its class path in `feature_store.yaml`."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from feast import Entity, FeatureView
from feast.infra.online_stores.online_store import OnlineStore
from feast.protos.feast.types.EntityKey_pb2 import EntityKey
from feast.protos.feast.types.Value_pb2 import Value
from feast.repo_config import FeastConfigBaseModel, RepoConfig

from features.instant import from_us, to_us
from features.online_store import PackedRow, PackedRows
from features.packing import pack, unpack
from features.row_store import RowStore

CLASS_PATH = "features.feast_online_store.PackedOnlineStore"
Row = tuple[EntityKey, dict[str, Value], datetime, datetime | None]
Found = tuple[datetime | None, dict[str, Value] | None]


class PackedOnlineStoreConfig(FeastConfigBaseModel):
    """The `online_store` section of `feature_store.yaml`."""

    type: Literal["features.feast_online_store.PackedOnlineStore"] = "features.feast_online_store.PackedOnlineStore"
    path: str = "online.db"


class PackedOnlineStore(OnlineStore):
    """One packed row per customer and view, with event-time guard and time to live."""

    _rows: RowStore | None = None

    def online_write_batch(
        self, config: RepoConfig, table: FeatureView, data: list[Row], progress: Callable[[int], Any] | None
    ) -> None:
        """Write rows in one transaction; none replaces a newer one."""
        self._store(config).write(_packed_row(table, row) for row in data)
        if progress:
            progress(len(data))

    def online_read(
        self,
        config: RepoConfig,
        table: FeatureView,
        entity_keys: list[EntityKey],
        requested_features: list[str] | None = None,
    ) -> list[Found]:
        """The rows of some customers, of one view; nothing for a row past its time to live."""
        customers = [_customer(key) for key in entity_keys]
        held = {row.customer_id: row for row in self._store(config).read_many(customers) if row.view == table.name}
        wanted = requested_features or [field.name for field in table.features]
        return [_found(held.get(customer), table, wanted) for customer in customers]

    def update(
        self,
        config: RepoConfig,
        tables_to_delete: Sequence[FeatureView],
        tables_to_keep: Sequence[FeatureView],  # noqa: ARG002 - feast's signature
        entities_to_delete: Sequence[Entity],  # noqa: ARG002 - feast's signature
        entities_to_keep: Sequence[Entity],  # noqa: ARG002 - feast's signature
        partial: bool,  # noqa: ARG002, FBT001 - feast's signature
    ) -> None:
        """Forget the rows of views that are no more."""
        self._store(config).drop(table.name for table in tables_to_delete)

    def teardown(self, config: RepoConfig, tables: Sequence[FeatureView], entities: Sequence[Entity]) -> None:  # noqa: ARG002 - feast's signature
        """Forget the rows of these views."""
        self._store(config).drop(table.name for table in tables)

    def _store(self, config: RepoConfig) -> RowStore:
        if self._rows is None:
            self._rows = PackedRows(Path(config.repo_path or ".") / config.online_store.path)
        return self._rows


def _customer(key: EntityKey) -> str:
    return str(key.entity_values[0].string_val)


def _packed_row(table: FeatureView, row: Row) -> PackedRow:
    key, values, event_at, created_at = row
    known = {name: value.double_val for name, value in values.items() if value.WhichOneof("val") is not None}
    state = pack(np.array([[known.get(field.name, np.nan) for field in table.features]], dtype=np.float64))[0]
    return PackedRow(_customer(key), table.name, _us(event_at), _us(created_at or event_at), state)


def _us(moment: datetime) -> int:
    """Feast takes naive times as UTC."""
    return to_us(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _found(row: PackedRow | None, table: FeatureView, wanted: Sequence[str]) -> Found:
    if row is None or (table.ttl and from_us(row.event_us) + table.ttl < datetime.now(UTC)):
        return None, None
    names = [field.name for field in table.features]
    known = dict(zip(names, unpack([row.state], len(names))[0].tolist(), strict=True))
    return from_us(row.event_us), {name: _value(known[name]) for name in wanted}


def _value(number: float) -> Value:
    return Value(double_val=number) if number == number else Value()
