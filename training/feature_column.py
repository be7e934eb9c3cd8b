"""The documented features as a model sees them."""

from features.feature_set import FeatureSet
from training.encoding import FeatureColumn


def feature_columns(features: FeatureSet) -> tuple[FeatureColumn, ...]:
    """The documented features as model columns."""
    return tuple(FeatureColumn(f.name, f.kind, tuple(f.one_of)) for f in features.features if f.kind != "moment")
