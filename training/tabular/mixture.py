"""Several models as one: the weighted mean of their log-odds. Everything travels as JSON and LightGBM text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from decisioning.errors import ArtifactError
from training.booster_text import Texts, booster_from_text, in_letters
from training.encoding import Floats, Matrix
from training.linear import Linear
from training.trees import Trees

Model = Linear | Trees


@dataclass(frozen=True, slots=True)
class Mixture:
    """Models over the same matrix. Parameters: `models`; `weights`, one each, of sum 1."""

    models: tuple[Model, ...]
    weights: tuple[float, ...]

    @classmethod
    def of(cls, models: Sequence[Model]) -> "Mixture":
        """All of the same weight."""
        return cls(tuple(models), (1.0 / len(models),) * len(models))

    def margin(self, matrix: Matrix) -> Floats:
        """Log-odds (n,) of C-contiguous rows (n, n_columns)."""
        parts = zip(self.weights, self.models, strict=True)
        return np.asarray(sum(weight * model.margin(matrix) for weight, model in parts), dtype=np.float64)

    def contributions(self, matrix: Matrix) -> Floats:
        """Each column's share of the log-odds (n, n_columns + 1); they sum to `margin`, the last is the intercept."""
        parts = zip(self.weights, self.models, strict=True)
        return np.asarray(sum(weight * model.contributions(matrix) for weight, model in parts), dtype=np.float64)

    def to_json(self, name: str, texts: Texts) -> list[dict[str, Any]]:
        """Its parts; the trees' text is put into `texts` under names that begin with `name`."""
        out = []
        for number, (weight, model) in enumerate(zip(self.weights, self.models, strict=True)):
            if isinstance(model, Trees):
                file = f"{name}_{in_letters(number)}.txt"
                texts[file] = model.booster.model_to_string()
                out.append({"weight": weight, "trees": file})
            else:
                out.append({"weight": weight, "linear": model.to_json()})
        return out

    @classmethod
    def from_json(cls, given: Sequence[Mapping[str, Any]], texts: Texts, *, width: int) -> "Mixture":
        """The models over `width` columns again; raises `ArtifactError` where a part is missing or does not fit."""
        try:
            models = tuple(_model(part, texts, width) for part in given)
            return cls(models, tuple(float(part["weight"]) for part in given))
        except (KeyError, TypeError, ValueError) as problem:
            raise ArtifactError(f"bundle.json: does not describe a model: {problem!r}") from problem


def _model(part: Mapping[str, Any], texts: Texts, width: int) -> Model:
    if "linear" in part:
        return Linear.from_json(part["linear"])
    return Trees(booster_from_text(part["trees"], texts[part["trees"]], width))
