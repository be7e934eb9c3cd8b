"""The published bundle that serves: verified apart, swapped whole, the last good one kept."""

from decisioning.cold_start import CatalogScorer
from decisioning.errors import ArtifactError
from decisioning.ports import Scorer
from features.home import Home
from serving.kept import Kept
from serving.metrics import Metrics

POINTER = "champion.json"
"""The file that publication replaces last; it names the bundle that shall serve."""


def model_store(home: Home, *, metrics: Metrics) -> Kept[Scorer]:
    """Keep the published champion; before the first one the catalogue's own starting propensities score."""
    first: Scorer = CatalogScorer()
    return Kept(
        "bundle",
        home.bundles / POINTER,
        load=lambda: _champion(home),
        version_of=lambda scorer: scorer.version,
        first=first,
        metrics=metrics,
    )


def _champion(home: Home) -> Scorer:
    """Load the published bundle after another process has loaded it and found its scores as expected.

    Imported late: a service without a bundle needs no LightGBM, whose import takes two seconds.
    """
    from training.artifact import champion_path, load_bundle, verify_in_subprocess

    path = champion_path(home.path)
    if path is None:
        raise ArtifactError(f"{home.bundles / POINTER} names no published bundle")
    verify_in_subprocess(path)
    return load_bundle(path)
