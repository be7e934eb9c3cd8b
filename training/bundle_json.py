"""What a bundle says of itself in `bundle.json`, and back: everything but the trees, which are text files beside it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import lightgbm
import numpy as np

from decisioning.errors import ArtifactError
from training.blend import Blend
from training.bundle import ChurnModel, PolicyBundle
from training.calibration import Calibration
from training.constant import ConstantBundle, ConstantEntry
from training.encoding import ActionEntry, ActionTable, FeatureColumn, FeatureEncoder, Layout
from training.linear import Linear
from training.response import ResponseModel
from training.shrinkage import Shrinkage
from training.trees import Trees

Bundle = PolicyBundle | ConstantBundle
"""What can be published."""
Texts = dict[str, str]
"""LightGBM text by file name."""
T = TypeVar("T")


def bundle_to_json(bundle: Bundle) -> tuple[dict[str, Any], Texts]:
    """The bundle's content (without version, hashes and golden rows), and its text files."""
    head = {"kind": bundle.kind, "catalog_version": bundle.catalog_version}
    if isinstance(bundle, ConstantBundle):
        return {**head, "entries": [asdict(entry) for entry in bundle.entries.values()]}, {}
    texts: Texts = {}
    churn = None if bundle.churn is None else _churn_json(bundle.churn, texts)
    return {**head, **_response_json(bundle.response, texts), "churn": churn}, texts


def bundle_from_json(content: Mapping[str, Any], texts: Texts) -> Bundle:
    """The bundle of its content; raises `ArtifactError` where something is missing or does not fit."""
    try:
        if content["kind"] == "constant":
            entries = [ConstantEntry(**entry) for entry in content["entries"]]
            return ConstantBundle(content["version"], content["catalog_version"], {e.action: e for e in entries})
        response = _response(content, texts)
        churn = None if content["churn"] is None else _churn(content["churn"], texts)
        return PolicyBundle(content["version"], content["catalog_version"], response, churn)
    except (KeyError, TypeError, ValueError) as problem:
        raise ArtifactError(f"bundle.json: does not describe a bundle: {problem!r}") from problem


def _response_json(model: ResponseModel, texts: Texts) -> dict[str, Any]:
    return {
        "features": [asdict(column) for column in model.layout.features.columns],
        "actions": [asdict(entry) for entry in model.layout.actions.entries],
        "seen": model.seen,
        "baseline": None if model.baseline is None else _blend_json(model.baseline, "baseline.txt", texts),
        "effect": _blend_json(model.effect, "effect.txt", texts),
        "baseline_calibration": model.baseline_calibration.to_json(),
        "shown_calibration": model.shown_calibration.to_json(),
        "shrinkage": {
            "centers": model.shrinkage.centers.tolist(),
            "slope": model.shrinkage.slope,
            "standard_error": _number(model.shrinkage.standard_error),
        },
    }


def _response(content: Mapping[str, Any], texts: Texts) -> ResponseModel:
    layout = Layout(_encoder(content["features"]), ActionTable(tuple(ActionEntry(**e) for e in content["actions"])))
    width = len(layout.columns)
    shrinkage = content["shrinkage"]
    error = shrinkage["standard_error"]
    return ResponseModel(
        layout=layout,
        baseline=None if content["baseline"] is None else _blend(content["baseline"], texts, width),
        effect=_blend(content["effect"], texts, width),
        baseline_calibration=Calibration.from_json(content["baseline_calibration"]),
        shown_calibration=Calibration.from_json(content["shown_calibration"]),
        shrinkage=Shrinkage(
            np.array(shrinkage["centers"], dtype=np.float64),
            float(shrinkage["slope"]),
            float("nan") if error is None else float(error),
        ),
        seen={str(action): int(count) for action, count in content["seen"].items()},
    )


def _churn_json(model: ChurnModel, texts: Texts) -> dict[str, Any]:
    return {
        "features": [asdict(column) for column in model.encoder.columns],
        "blend": _blend_json(model.blend, "churn.txt", texts),
        "calibration": model.calibration.to_json(),
        "horizon_days": model.horizon_days,
    }


def _churn(content: Mapping[str, Any], texts: Texts) -> ChurnModel:
    encoder = _encoder(content["features"])
    blend = _blend(content["blend"], texts, len(encoder.columns))
    return ChurnModel(encoder, blend, Calibration.from_json(content["calibration"]), float(content["horizon_days"]))


def _encoder(columns: list[Mapping[str, Any]]) -> FeatureEncoder:
    return FeatureEncoder(tuple(FeatureColumn(c["name"], c["kind"], tuple(c["categories"])) for c in columns))


def _blend_json(blend: Blend, file: str, texts: Texts) -> dict[str, Any]:
    if blend.trees is not None:
        texts[file] = blend.trees.booster.model_to_string()
    return {
        "linear": blend.linear.to_json(),
        "trees": None if blend.trees is None else file,
        "weight": blend.weight,
        "level": blend.level.tolist(),
    }


def _blend(content: Mapping[str, Any], texts: Texts, width: int) -> Blend:
    file = content["trees"]
    trees = None if file is None else Trees(_booster(file, texts[file], width))
    level = np.array(content["level"], dtype=np.float64)
    return Blend(Linear.from_json(content["linear"]), trees, float(content["weight"]), level)


def _booster(file: str, text: str, width: int) -> lightgbm.Booster:
    try:
        booster = lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as problem:
        raise ArtifactError(f"{file}: LightGBM cannot read it: {problem}") from problem
    if booster.num_feature() != width:
        raise ArtifactError(f"{file}: has {booster.num_feature()} columns, expected {width}")
    return booster


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
