"""Checks a workspace's catalogue against its features, and lists what it can do."""

from dataclasses import dataclass
from pathlib import Path

from decisioning.catalog import Catalog
from decisioning.catalog_file import read_catalog
from decisioning.eligibility import CompiledCatalog, compile_catalog
from decisioning.errors import CatalogError
from features.feature_set import FeatureSet
from features.workspace import Workspace


@dataclass(frozen=True, slots=True)
class CheckedCatalog:
    """What a catalogue holds. Parameters: `actions`, name → the channels it has treatments for."""

    version: str
    currency: str
    actions: dict[str, tuple[str, ...]]
    placements: tuple[str, ...]
    n_features: int


def feature_set_of(workspace: Workspace) -> FeatureSet:
    """The standard features and the workspace's own. Raises `FeatureFileError` of a bad declaration."""
    path = workspace.features_path
    return FeatureSet.load(path if path.exists() else None)


def compiled_catalog(workspace: Workspace, features: FeatureSet) -> CompiledCatalog:
    """The workspace's catalogue, checked against its features. Raises `CatalogError` with every problem found."""
    path = workspace.catalog_path
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return compile_catalog(read_catalog(text, source=str(path), features=features.names))


def checked_catalog(workspace: Path) -> CheckedCatalog:
    """Check the catalogue and the features of the workspace in a folder."""
    loaded = Workspace.load(workspace)
    features = feature_set_of(loaded)
    return _summary(compiled_catalog(loaded, features).catalog, n_features=len(features.names))


def _summary(catalog: Catalog, *, n_features: int) -> CheckedCatalog:
    channels = {name: tuple(sorted({t.channel for t in each.treatments})) for name, each in catalog.actions.items()}
    return CheckedCatalog(catalog.version, catalog.currency, channels, tuple(sorted(catalog.placements)), n_features)


def catalog_in_words(checked: CheckedCatalog) -> str:
    """The summary as a few lines."""
    rows = [f"  {name}: {', '.join(channels)}" for name, channels in checked.actions.items()]
    head = f"catalogue {checked.version}: {len(checked.actions)} actions, money in {checked.currency}"
    return "\n".join([head, *rows, f"placements: {', '.join(checked.placements)}", f"features: {checked.n_features}"])
