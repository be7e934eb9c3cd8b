"""The catalogue that serves, beside the files that only a restart reads."""

import shutil

from in_process import WORKSPACE

from features.catalog_source import feature_set_of
from features.explanation.catalog_archive import CatalogArchive
from features.workspace import Workspace
from serving.catalog_store import catalog_store
from serving.metrics import Metrics

VIP = "  - {name: vip, view: vip, primitive: trait, trait: vip, kind: number, description: a very important customer}\n"


def test_a_catalogue_that_needs_a_restart_says_so(tmp_path):
    folder = tmp_path / "shop"
    shutil.copytree(WORKSPACE, folder)
    workspace = Workspace.load(folder)
    archive = CatalogArchive(tmp_path / "catalogs")
    kept = catalog_store(workspace, feature_set_of(workspace), archive, metrics=Metrics())
    before, text = kept.version, workspace.catalog_path.read_text()
    workspace.catalog_path.write_text(text.replace("tea_views_7d > 0", "vip > 0"))
    kept.refresh()
    assert "features.yaml" not in kept.refused
    with workspace.features_path.open("a") as features:
        features.write(VIP)
    workspace.catalog_path.write_text(text.replace("tea_views_7d > 0", "vip > 1"))
    kept.refresh()
    assert kept.refused.startswith("invalid_catalog: features.yaml changed, which only a restart reads; catalog.yaml:")
    assert kept.version == before
    again = catalog_store(workspace, feature_set_of(workspace), archive, metrics=Metrics())
    assert (again.version != before, again.refused) == (True, "")
