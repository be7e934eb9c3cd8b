"""Qualities as metrics of a run."""

from collections.abc import Mapping
from dataclasses import asdict

import numpy as np

from training.metrics import Quality
from training.value.quality import ValueQuality


def qualities(parts: Mapping[str, Quality | ValueQuality]) -> dict[str, float]:
    """Every finite measure of every part, named `<part>.<measure>`: MLflow's store refuses what is not finite."""
    told = {f"{part}.{key}": value for part, quality in parts.items() for key, value in asdict(quality).items()}
    return {key: float(value) for key, value in told.items() if np.isfinite(value)}
