"""The catalogue of a workspace, read and compiled; the last good one is kept while it changes."""

from decisioning.catalog_file import read_catalog
from decisioning.eligibility import CompiledCatalog, compile_catalog
from decisioning.errors import CatalogError
from features.feature_set import FeatureSet
from features.workspace import Workspace
from serving.kept import Kept
from serving.metrics import Metrics


def load_catalog(workspace: Workspace, features: FeatureSet) -> CompiledCatalog:
    """Read and compile the workspace's catalogue. Raises `CatalogError` naming file, line and what is expected."""
    path = workspace.catalog_path
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path} cannot be read: {type(error).__name__}") from None
    return compile_catalog(read_catalog(text, source=str(path), features=features.names))


def features_of(workspace: Workspace) -> FeatureSet:
    """Compile the features of a workspace; its own file need not exist."""
    path = workspace.features_path
    return FeatureSet.load(path if path.exists() else None)


def catalog_store(workspace: Workspace, features: FeatureSet, *, metrics: Metrics) -> Kept[CompiledCatalog]:
    """Keep the workspace's catalogue up to date. Raises `CatalogError` where there is no good one to begin with."""
    return Kept(
        "catalog",
        workspace.catalog_path,
        load=lambda: load_catalog(workspace, features),
        version_of=lambda compiled: compiled.catalog.version,
        first=load_catalog(workspace, features),
        metrics=metrics,
    )
