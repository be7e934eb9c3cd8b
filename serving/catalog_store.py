"""The catalogue of a workspace, read and compiled; the last good one is kept while it changes."""

from decisioning.eligibility import CompiledCatalog
from decisioning.errors import CatalogError
from features.catalog_source import compiled_catalog
from features.explanation.catalog_archive import CatalogArchive
from features.feature_set import FeatureSet
from features.workspace import Workspace
from serving.kept import Kept, mark_of
from serving.metrics import Metrics


def catalog_store(
    workspace: Workspace, features: FeatureSet, archive: CatalogArchive, *, metrics: Metrics
) -> Kept[CompiledCatalog]:
    """Keep the workspace's catalogue up to date. Raises `CatalogError` where there is no good one to begin with.

    Parameters: `archive`, where every one that serves stays. One that is refused while files changed that are read at
    the start alone is refused for that: it may be right with them.
    """
    read_once = [workspace.folder / "tsugi.toml", workspace.features_path, workspace.journeys_path]
    marks = {path: mark_of(path) for path in read_once}

    def load() -> CompiledCatalog:
        try:
            return compiled_catalog(workspace, features, archive=archive)
        except CatalogError as error:
            changed = [path.name for path, mark in marks.items() if mark_of(path) != mark]
            if not changed:
                raise
            why = f"{' and '.join(changed)} changed, which only a restart reads; {error.message}"
            raise CatalogError(why, passing=error.passing) from None

    return Kept(
        "catalog",
        workspace.catalog_path,
        load=load,
        version_of=lambda compiled: compiled.catalog.version,
        first=load(),
        metrics=metrics,
    )
