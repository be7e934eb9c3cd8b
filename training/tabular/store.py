"""A table's model as a folder: `bundle.json` and LightGBM text, every hash verified before a parser sees a byte."""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from decisioning.errors import ArtifactError
from training.artifact import write_content
from training.encoding import Floats
from training.golden import TOLERANCE, golden_matrix
from training.manifest import read_content
from training.tabular.model import TableModel


def write_model(model: TableModel, folder: Path, *, created_at: datetime, report: Any = None) -> str:
    """Write the folder (made where missing); returns the version, a hash of the content.

    Parameters: `report`, how the model came to be, kept beside the content. No row of the table is written.
    """
    content, texts = model.to_json()
    content["golden"] = _golden_scores(model).tolist()
    return write_content(content, texts, folder, {"created_at": created_at.isoformat(), "report": report})


def read_model(folder: Path) -> TableModel:
    """The model of a folder; raises `ArtifactError` where a byte was altered or made-up rows score differently."""
    content, texts = read_content(folder)
    model = TableModel.from_json(content, texts)
    found, wanted = _golden_scores(model), np.array(content.get("golden"), dtype=np.float64)
    if found.shape != wanted.shape or not np.allclose(found, wanted, rtol=0.0, atol=TOLERANCE):
        raise ArtifactError(f"{folder}: made-up rows score {found.tolist()}, expected {wanted.tolist()}")
    return model


def _golden_scores(model: TableModel) -> Floats:
    return model.score_matrix(golden_matrix(model.plan.columns)).probability
