"""The catalogue of a workspace, read and compiled; the last good one is kept while it changes."""

from decisioning.eligibility import CompiledCatalog
from features.catalog_source import compiled_catalog
from features.explanation.catalog_archive import CatalogArchive
from features.feature_set import FeatureSet
from features.workspace import Workspace
from serving.kept import Kept
from serving.metrics import Metrics


def catalog_store(
    workspace: Workspace, features: FeatureSet, archive: CatalogArchive, *, metrics: Metrics
) -> Kept[CompiledCatalog]:
    """Keep the workspace's catalogue up to date. Raises `CatalogError` where there is no good one to begin with.

    Parameters: `archive`, where every one that serves stays.
    """

    def load() -> CompiledCatalog:
        return compiled_catalog(workspace, features, archive=archive)

    return Kept(
        "catalog",
        workspace.catalog_path,
        load=load,
        version_of=lambda compiled: compiled.catalog.version,
        first=load(),
        metrics=metrics,
    )
