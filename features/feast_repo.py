"""What Feast is told: the customer, where history lies, the views of state, a service per model."""

import shutil
from datetime import timedelta
from pathlib import Path

import yaml
from feast import Entity, FeatureService, FeatureStore, FeatureView, Field, FileSource, RepoConfig, ValueType
from feast.data_format import ParquetFormat
from feast.types import Float64, String
from google.protobuf.message import DecodeError  # type: ignore[import-untyped] # protobuf ships no types

from decisioning.errors import UnavailableError
from features.feast_offline_store import CLASS_PATH as OFFLINE_CLASS_PATH
from features.feast_online_store import CLASS_PATH
from features.feature_set import FeatureSet
from features.file_lock import alone
from features.history import History
from features.home import Home
from features.lift import View
from features.stores import Stores

PROJECT = "tsugi"
REDIS_CLASS_PATH = "features.feast_redis_store.PackedRedisOnlineStore"
SERVICES = ("propensity", "churn", "service_need", "satisfaction")
"""One feature service per model; every service has every view."""


def customer() -> Entity:
    """Whom features describe."""
    return Entity(name="customer", join_keys=["customer_id"], value_type=ValueType.STRING, description="a customer")


def feature_view(view: View, pattern: str, features: FeatureSet) -> FeatureView:
    """The state columns of one view, with the Parquet files of its history."""
    documented = {column: f"{f.description} (state of {f.name})" for f in features.features for column in f.columns}
    return FeatureView(
        name=view.name,
        entities=[customer()],
        ttl=view.ttl or timedelta(0),
        schema=[Field(name="customer_id", dtype=String)]
        + [Field(name=column, dtype=Float64, description=documented[column]) for column in view.columns],
        source=FileSource(
            name=f"{view.name}_history",
            path=pattern,
            file_format=ParquetFormat(),
            timestamp_field="event_timestamp",
            created_timestamp_column="created_timestamp",
        ),
        online=True,
    )


def apply(home: Home, features: FeatureSet, *, stores: Stores | None = None) -> FeatureStore:
    """Tell Feast the definitions, under a lock, and keep a good copy of the registry; does nothing where it knows them.

    Parameters: `stores`, the workspace's; None keeps the online store that the home names already, else the embedded.
    Writes `feature_store.yaml` into the home. Raises: `UnavailableError` where the registry cannot be used.
    """
    folder = home.path.resolve()
    history = History(folder / "history", features)
    with alone(home.lock("feast")):
        config = _write_config(folder, stores)
        known = folder / "registry.definition"
        believed = " ".join(f"{view.name}:{view.ttl}" for view in features.views)
        wanted = f"{features.fingerprint} {believed} {folder} {' '.join(SERVICES)}"
        if known.exists() and known.read_text() == wanted:
            return open_store(home)
        known.unlink(missing_ok=True)
        store = FeatureStore(config=config)
        views = [feature_view(view, history.files(view.name), features) for view in features.views]
        services = [FeatureService(name=name, features=[*views]) for name in SERVICES]
        stale = [v for v in store.list_feature_views() if v.name not in {view.name for view in views}]
        store.apply([customer(), *views, *services], objects_to_delete=[*stale], partial=False)
        shutil.copyfile(folder / "registry.db", folder / "registry.good.db")
        known.write_text(wanted)
        return store


def open_store(home: Home) -> FeatureStore:
    """The store as it was applied; where its registry is damaged, from the last good copy.

    Raises: `UnavailableError` where there is neither.
    """
    folder = home.path.resolve()
    try:
        return _opened(folder)
    except (DecodeError, OSError) as error:
        if not (folder / "registry.good.db").exists():
            raise UnavailableError(f"Feast's registry in {folder} cannot be read: {error}") from error
    shutil.copyfile(folder / "registry.good.db", folder / "registry.db")
    return _opened(folder)


def _opened(folder: Path) -> FeatureStore:
    store = FeatureStore(config=_write_config(folder))
    store.list_feature_views()
    return store


def _write_config(folder: Path, stores: Stores | None = None) -> RepoConfig:
    """Write `feature_store.yaml`, so that Feast's own tools find the same store, and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "project": PROJECT,
        "provider": "local",
        "registry": {"registry_type": "file", "path": (folder / "registry.db").as_posix()},
        "online_store": _online_store(folder / "feature_store.yaml", stores),
        "offline_store": {"type": OFFLINE_CLASS_PATH},
        "entity_key_serialization_version": 3,
    }
    text = yaml.safe_dump(settings, sort_keys=False)
    path = folder / "feature_store.yaml"
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
    return RepoConfig(**settings, repo_path=folder)


def _online_store(stated: Path, stores: Stores | None) -> dict[str, str]:
    if stores is not None and stores.online == "redis":
        return {"type": REDIS_CLASS_PATH, "redis": stores.redis, "prefix": stores.prefix}
    if stores is None and stated.exists():
        return dict(yaml.safe_load(stated.read_text())["online_store"])
    return {"type": CLASS_PATH, "path": "online.db"}
