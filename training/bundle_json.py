"""What a bundle says of itself in `bundle.json`, and back: everything but the trees, which are text files beside it."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeVar

import numpy as np

from decisioning.errors import ArtifactError
from training.blend import Blend
from training.booster_text import Texts, booster_from_text, in_letters
from training.bundle import PolicyBundle
from training.calibration import Calibration
from training.constant import ConstantBundle, ConstantEntry
from training.encoding import ActionEntry, ActionTable, FeatureColumn, FeatureEncoder, Layout
from training.foreseen_model import EventModel, ForeseenModel, SpendModel
from training.linear import Linear
from training.manifest import information_of
from training.response import ResponseModel
from training.shrinkage import Shrinkage
from training.specialists import Specialists
from training.trees import Trees
from training.uplift.effects_json import effects_from_json, effects_to_json
from training.uplift.own_effect import OwnEffects

Bundle = PolicyBundle | ConstantBundle
"""What can be published."""
T = TypeVar("T")


def bundle_to_json(bundle: Bundle) -> tuple[dict[str, Any], Texts]:
    """The bundle's content (without version, hashes and golden rows), and its text files."""
    head: dict[str, Any] = {"kind": bundle.kind, "catalog_version": bundle.catalog_version}
    texts: Texts = {}
    head["foreseen"] = {name: _foreseen_json(model, name, texts) for name, model in bundle.foreseen.items()}
    if isinstance(bundle, ConstantBundle):
        return {**head, "entries": [asdict(entry) for entry in bundle.entries.values()]}, texts
    return {**head, **_response_json(bundle.response, texts)}, texts


def bundle_from_json(content: Mapping[str, Any], texts: Texts) -> Bundle:
    """The bundle of its content; raises `ArtifactError` where something is missing or does not fit."""
    try:
        named, foreseen = (content["version"], content["catalog_version"]), _foreseen(content, texts)
        if content["kind"] == "constant":
            entries = [ConstantEntry(**entry) for entry in content["entries"]]
            return ConstantBundle(*named, {entry.action: entry for entry in entries}, foreseen)
        return PolicyBundle(*named, _response(content, texts), foreseen)
    except (KeyError, TypeError, ValueError) as problem:
        raise ArtifactError(f"bundle.json: does not describe a bundle: {problem!r}") from problem


def _response_json(model: ResponseModel, texts: Texts) -> dict[str, Any]:
    return {
        "features": [asdict(column) for column in model.layout.features.columns],
        "actions": [asdict(entry) for entry in model.layout.actions.entries],
        "seen": model.seen,
        "information": model.information,
        "baseline": None if model.baseline is None else blend_to_json(model.baseline, "baseline.txt", texts),
        "effect": blend_to_json(model.effect, "effect.txt", texts),
        "specialists": {
            model.layout.actions.actions[code]: blend_to_json(blend, f"effect_of_{in_letters(code)}.txt", texts)
            for code, blend in model.specialists.own.items()
        },
        "own_effects": {
            model.layout.actions.actions[code]: effects_to_json(effects, texts, name=f"uplift_of_{in_letters(code)}")
            for code, effects in model.own_effects.by_code.items()
        },
        "baseline_calibration": model.baseline_calibration.to_json(),
        "shown_calibration": model.shown_calibration.to_json(),
        "shrinkage": {
            "centers": model.shrinkage.centers.tolist(),
            "slope": model.shrinkage.slope,
            "standard_error": _number(model.shrinkage.standard_error),
        },
    }


def _response(content: Mapping[str, Any], texts: Texts) -> ResponseModel:
    layout = Layout(
        encoder_from_json(content["features"]), ActionTable(tuple(ActionEntry(**e) for e in content["actions"]))
    )
    width = len(layout.columns)
    shrinkage = content["shrinkage"]
    error = shrinkage["standard_error"]
    return ResponseModel(
        layout=layout,
        baseline=None if content["baseline"] is None else blend_from_json(content["baseline"], texts, width),
        effect=blend_from_json(content["effect"], texts, width),
        baseline_calibration=Calibration.from_json(content["baseline_calibration"]),
        shown_calibration=Calibration.from_json(content["shown_calibration"]),
        shrinkage=Shrinkage(
            np.array(shrinkage["centers"], dtype=np.float64),
            float(shrinkage["slope"]),
            float("nan") if error is None else float(error),
        ),
        seen={str(action): int(count) for action, count in content["seen"].items()},
        specialists=_specialists(content, texts, layout),
        own_effects=_own_effects(content, texts, layout),
        information=information_of(content),
    )


def _specialists(content: Mapping[str, Any], texts: Texts, layout: Layout) -> Specialists:
    """The actions' own models; a bundle written before there were any has none."""
    own = {
        layout.actions.actions.index(action): blend_from_json(blend, texts, len(layout.columns))
        for action, blend in content.get("specialists", {}).items()
    }
    return Specialists(own, layout.position("action"))


def _own_effects(content: Mapping[str, Any], texts: Texts, layout: Layout) -> OwnEffects:
    """The learners of actions' own uplift; a bundle written before there were any has none."""
    by_code = {
        layout.actions.actions.index(action): effects_from_json(effects, texts, len(layout.columns), constant=0)
        for action, effects in content.get("own_effects", {}).items()
    }
    return OwnEffects(by_code, layout.position("action"))


def _foreseen_json(model: ForeseenModel, name: str, texts: Texts) -> dict[str, Any]:
    if isinstance(model, EventModel):
        return _event_json(model, name, texts)
    amount: dict[str, Any] = {"trees": None, "scale": model.scale}
    if model.amount is not None:
        amount["trees"] = f"{name}_amount.txt"
        texts[amount["trees"]] = model.amount.booster.model_to_string()
    return {**_event_json(model.chance, name, texts), "amount": amount}


def _event_json(model: EventModel, name: str, texts: Texts) -> dict[str, Any]:
    return {
        "features": [asdict(column) for column in model.encoder.columns],
        "blend": blend_to_json(model.blend, f"{name}.txt", texts),
        "calibration": model.calibration.to_json(),
        "horizon_days": model.horizon_days,
        "foresees": model.foresees,
    }


def _foreseen(content: Mapping[str, Any], texts: Texts) -> dict[str, ForeseenModel]:
    """What is foreseen, by name; a bundle written before there was more than churn has that alone, or nothing."""
    told = content.get("foreseen", {"churn": content.get("churn")})
    return {str(name): _foreseen_model(each, texts) for name, each in told.items() if each is not None}


def _foreseen_model(content: Mapping[str, Any], texts: Texts) -> ForeseenModel:
    chance, amount = _event(content, texts), content.get("amount")
    if amount is None:
        return chance
    file = amount["trees"]
    trees = None if file is None else Trees(booster_from_text(file, texts[file], len(chance.encoder.columns)))
    return SpendModel(chance, trees, float(amount["scale"]))


def _event(content: Mapping[str, Any], texts: Texts) -> EventModel:
    encoder = encoder_from_json(content["features"])
    blend = blend_from_json(content["blend"], texts, len(encoder.columns))
    calibration, horizon = Calibration.from_json(content["calibration"]), float(content["horizon_days"])
    return EventModel(encoder, blend, calibration, horizon, str(content.get("foresees", "")))


def encoder_from_json(columns: list[Mapping[str, Any]]) -> FeatureEncoder:
    """The encoder of these columns; raises KeyError or TypeError where one is not described."""
    return FeatureEncoder(tuple(FeatureColumn(c["name"], c["kind"], tuple(c["categories"])) for c in columns))


def blend_to_json(blend: Blend, file: str, texts: Texts) -> dict[str, Any]:
    """A blend without its trees, whose text is put into `texts` under the file's name."""
    if blend.trees is not None:
        texts[file] = blend.trees.booster.model_to_string()
    return {
        "linear": blend.linear.to_json(),
        "trees": None if blend.trees is None else file,
        "weight": blend.weight,
        "level": blend.level.tolist(),
    }


def blend_from_json(content: Mapping[str, Any], texts: Texts, width: int) -> Blend:
    """A blend over a matrix of `width` columns; raises `ArtifactError` where its trees are not of that width."""
    file = content["trees"]
    trees = None if file is None else Trees(booster_from_text(file, texts[file], width))
    level = np.array(content["level"], dtype=np.float64)
    return Blend(Linear.from_json(content["linear"]), trees, float(content["weight"]), level)


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
