"""Writes how far the features moved from what a retraining learned from to what it was judged on."""

from collections.abc import Mapping
from dataclasses import asdict

from features.monitoring import Monitoring
from training.dataset import TimeSplit
from training.encoding import FeatureEncoder
from training.monitoring.drift import Drift
from training.monitoring.drift_between import drift_between
from training.plots import drift_plot
from training.tracking_run import Run


def log_drift(run: Run, split: TimeSplit, encoder: FeatureEncoder, settings: Monitoring) -> None:
    """Write `drift.json`, every feature, and `plots/drift.png`, those that moved most."""
    found = drift_between(split.earlier, split.evaluation, encoder, settings)
    known = {name: each for name, each in found.items() if each is not None}
    run.log_json(_told(known, settings) | {"too_few_rows": [name for name in found if name not in known]}, "drift.json")
    indices = {name: each.psi for name, each in known.items()}
    run.log_plots({"drift": drift_plot(indices, threshold=settings.psi)})


def _told(known: Mapping[str, Drift], settings: Monitoring) -> dict[str, object]:
    """The features as plain data, those that moved most first."""
    ordered = sorted(known, key=lambda name: (-known[name].psi, name))
    return {"threshold": settings.psi, "features": {name: asdict(known[name]) for name in ordered}}
