"""How far features moved between two parts of a log: what was learned from, and what came later."""

from collections.abc import Mapping

from features.monitoring import Monitoring
from training.dataset import DecisionLogFrame
from training.encoding import FeatureEncoder
from training.monitoring.drift import Criterion, Drift, drift_of
from training.monitoring.reference import evenly, feature_histograms


def drift_between(
    before: DecisionLogFrame, later: DecisionLogFrame, encoder: FeatureEncoder, settings: Monitoring
) -> Mapping[str, Drift | None]:
    """The drift of every feature, as the monitor measures it; None where either part has too few rows to tell.

    Parameters: `settings`, whose `false_alarms` is shared out among the features (Bonferroni).
    """
    parts = [evenly(part) for part in (before, later)]
    matrices = [encoder.matrix(part.features, n_rows=len(part)) for part in parts]
    known = feature_histograms(matrices[0], encoder, parts[0].customer_id)
    now = feature_histograms(matrices[1], encoder, parts[1].customer_id, like=known)
    criterion = Criterion(settings.psi, settings.false_alarms / max(len(known), 1))
    return {name: drift_of(known[name], now[name], criterion) for name in known}
