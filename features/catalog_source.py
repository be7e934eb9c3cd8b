"""The catalogue and the features of a workspace, read from its files: the one reading that every edge shares."""

from typing import TYPE_CHECKING

from decisioning.errors import CatalogError
from features.feature_set import FeatureSet
from features.workspace import Workspace

if TYPE_CHECKING:
    from decisioning.eligibility import CompiledCatalog
    from features.explanation.catalog_archive import CatalogArchive


def feature_set_of(workspace: Workspace) -> FeatureSet:
    """The standard features, the workspace's own, those of its journeys and of its catalogue; no file need exist.

    Raises `FeatureFileError` of a bad declaration.
    """
    features, journeys = workspace.features_path, workspace.journeys_path
    return FeatureSet.load(
        features if features.exists() else None,
        journeys if journeys.exists() else None,
        catalog_yaml=workspace.catalog_path,
    )


def compiled_catalog(
    workspace: Workspace, features: FeatureSet, *, archive: "CatalogArchive | None" = None
) -> "CompiledCatalog":
    """The workspace's catalogue, checked against its features.

    Parameters: `archive`, where it is kept for whoever explains what it decided. Raises `CatalogError` with every
    problem found, `UnavailableError` where it cannot be kept.
    """
    from decisioning.catalog_file import read_catalog  # half of a second that whoever only features needs is spared
    from decisioning.eligibility import compile_catalog

    path = workspace.catalog_path
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise CatalogError(f"{path} cannot be read: {error.strerror or error}", passing=True) from None
    except UnicodeDecodeError as error:
        raise CatalogError(f"{path} cannot be read: {error}") from None
    catalog = read_catalog(text, source=str(path), features=features.kinds)
    if archive is not None:
        archive.keep(catalog.version, text)
    return compile_catalog(catalog)
