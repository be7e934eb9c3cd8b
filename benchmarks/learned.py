"""Learning on a generated log: the same code as a retraining, on a workspace's own actions and features."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.generated_log import generated_log
from decisioning.catalog import Catalog
from features.catalog_source import compiled_catalog, feature_set_of
from features.feature_set import FeatureSet
from features.workspace import Training, Workspace
from training.artifact import write_bundle
from training.bundle import PolicyBundle
from training.dataset import TimeSplit, split_by_time
from training.feature_column import feature_columns
from training.learning import Learned, learn


@dataclass(frozen=True, slots=True)
class Lesson:
    """What there is to learn from."""

    catalog: Catalog
    features: FeatureSet
    split: TimeSplit

    def learn(self, *, trials: int) -> Learned:
        """Tune, fit, calibrate and shrink, as a retraining does."""
        return learn(self.split, catalog=self.catalog, features=self.features, training=Training(trials=trials))


def lesson(folder: Path, *, placement: str, decisions: int) -> Lesson:
    """A generated log of the workspace in `folder`, cut in time as a retraining cuts it."""
    workspace = Workspace.load(folder)
    features = feature_set_of(workspace)
    catalog = compiled_catalog(workspace, features).catalog
    log = generated_log(catalog, feature_columns(features), placement=placement, n=decisions)
    return Lesson(catalog, features, split_by_time(log, validation_share=0.2, evaluation_share=0.3))


def write_learned(workspace: Path, folder: Path, *, placement: str, decisions: int, trials: int) -> PolicyBundle:
    """Learn a bundle for a workspace and write it to `folder`."""
    bundle = lesson(workspace, placement=placement, decisions=decisions).learn(trials=trials).bundle
    write_bundle(bundle, folder, created_at=datetime.now(UTC))
    return bundle


def n_trees(bundle: PolicyBundle) -> int:
    """Trees that serve, of both parts of the response model."""
    blends = (bundle.response.baseline, bundle.response.effect)
    return sum(blend.trees.booster.num_trees() for blend in blends if blend and blend.trees)
