"""Checks a workspace's catalogue against its features, and lists what it can do."""

from dataclasses import dataclass
from pathlib import Path

from decisioning.catalog import Catalog
from features.catalog_source import compiled_catalog, feature_set_of
from features.contract.source import contracts_of
from features.mapping.mapping_file import read_mappings
from features.workspace import Workspace


@dataclass(frozen=True, slots=True)
class CheckedCatalog:
    """What a catalogue holds. Parameters: `actions`, name → the channels it has treatments for."""

    version: str
    currency: str
    actions: dict[str, tuple[str, ...]]
    placements: tuple[str, ...]
    n_features: int


def checked_catalog(workspace: Path) -> CheckedCatalog:
    """Check the catalogue, the features, the contracts and the mappings of the workspace in a folder."""
    loaded = Workspace.load(workspace)
    features = feature_set_of(loaded)
    contracts_of(loaded)
    read_mappings(loaded.mappings_path)
    return _summary(compiled_catalog(loaded, features).catalog, n_features=len(features.names))


def _summary(catalog: Catalog, *, n_features: int) -> CheckedCatalog:
    channels = {name: tuple(sorted({t.channel for t in each.treatments})) for name, each in catalog.actions.items()}
    return CheckedCatalog(catalog.version, catalog.currency, channels, tuple(sorted(catalog.placements)), n_features)


def catalog_in_words(checked: CheckedCatalog) -> str:
    """The summary as a few lines."""
    rows = [f"  {name}: {', '.join(channels)}" for name, channels in checked.actions.items()]
    head = f"catalogue {checked.version}: {len(checked.actions)} actions, money in {checked.currency}"
    return "\n".join([head, *rows, f"placements: {', '.join(checked.placements)}", f"features: {checked.n_features}"])
