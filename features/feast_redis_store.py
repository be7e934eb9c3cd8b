"""Feast's online store on our packed rows in Redis: named by its class path in `feature_store.yaml`."""

from typing import Literal

from feast.repo_config import FeastConfigBaseModel, RepoConfig

from features.feast_online_store import PackedOnlineStore
from features.redis_rows import RedisRows
from features.row_store import RowStore
from features.stores import redis_url

CLASS_PATH = "features.feast_redis_store.PackedRedisOnlineStore"


class PackedRedisOnlineStoreConfig(FeastConfigBaseModel):
    """The `online_store` section of `feature_store.yaml`. It names no password: see `features.stores`."""

    type: Literal["features.feast_redis_store.PackedRedisOnlineStore"] = (
        "features.feast_redis_store.PackedRedisOnlineStore"
    )
    redis: str
    prefix: str


class PackedRedisOnlineStore(PackedOnlineStore):
    """As the embedded store, with one hash per customer in Redis."""

    def _store(self, config: RepoConfig) -> RowStore:
        if self._rows is None:
            self._rows = RedisRows(redis_url(config.online_store.redis), prefix=config.online_store.prefix)
        return self._rows
