"""The signature of a bundle, in MLflow's own terms: the features it reads, and what it answers for an action."""

from typing import Any

from training.encoding import FeatureEncoder


def signature(encoder: FeatureEncoder) -> dict[str, Any]:
    """Inputs and outputs as `mlflow.models.ModelSignature` describes them; every feature may be missing."""
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, DataType, Schema, TensorSpec

    kinds = {"number": DataType.double, "category": DataType.string}
    inputs: list[ColSpec | TensorSpec] = [
        ColSpec(kinds[column.kind], column.name, required=False) for column in encoder.columns
    ]
    outputs: list[ColSpec | TensorSpec] = [
        ColSpec(DataType.double, "propensity"),
        ColSpec(DataType.double, "uplift", required=False),
    ]
    described: dict[str, Any] = ModelSignature(Schema(inputs), Schema(outputs)).to_dict()
    return described
