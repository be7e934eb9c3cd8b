"""What the fast layer had learned when a batch began: kept beside its files, as all of it is decided by the same."""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from decisioning.errors import UnavailableError
from decisioning.fast_layer.exposure import Regressors
from decisioning.fast_layer.layer import Places, Posterior
from decisioning.fast_layer.scorer import FastScorer
from decisioning.ports import Scorer
from features.replace_file import replace_file
from pipelines.composition import Composition
from pipelines.outbound import plan

FILE = "learned.json"


def learned_scorer(folder: Path, composition: Composition, *, now: datetime) -> Scorer:
    """What serves, with what had been answered when the batch of a folder began; now, where none has.

    Raises: `UnavailableError` where the ledger cannot be read, `InvalidInputError` where what was kept is damaged.
    """
    path = folder / FILE
    if not plan.has_begun(folder):
        path.unlink(missing_ok=True)
        scorer = _now(composition, now)
        if isinstance(scorer, FastScorer):
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(path, orjson.dumps(_told(scorer), option=orjson.OPT_SERIALIZE_NUMPY))
    return plan.kept(path, partial(_read, composition.scorer)) if path.exists() else composition.scorer


def _now(composition: Composition, now: datetime) -> Scorer:
    scorer, catalog = composition.scorer, composition.catalog.catalog
    composition.fast.prime(scorer, catalog)
    found, missing = composition.fast.corrected(scorer, catalog, now=now)
    if missing:
        raise UnavailableError("what was answered since the last training cannot be read")
    return found


def _told(scorer: FastScorer) -> dict[str, Any]:
    regressors, posterior = scorer.regressors, scorer.posterior
    return {
        "seq": scorer.seq,
        "boldness": scorer.boldness,
        "features": regressors.names,
        "centers": regressors.centers,
        "spreads": regressors.spreads,
        "actions": sorted(posterior.places),
        "beliefs": np.ascontiguousarray(posterior.beliefs),
    }


def _read(scorer: Scorer, told: Mapping[str, Any]) -> FastScorer:
    posterior = Posterior(Places(told["actions"]), np.array(told["beliefs"], dtype=np.float64))
    regressors = Regressors(*(tuple(told[name]) for name in ("features", "centers", "spreads")))
    return FastScorer(scorer, posterior, regressors, told["boldness"], told["seq"])
