"""A value model as a folder, written and read as a table's model is."""

from datetime import datetime
from pathlib import Path
from typing import Any

from training.artifact import write_content
from training.manifest import read_content
from training.value.learn import ValueModel


def write_value(model: ValueModel, folder: Path, *, created_at: datetime, report: Any = None) -> str:
    """Write the folder (made where missing); returns the version, a hash of the content."""
    content, texts = model.to_json()
    return write_content(content, texts, folder, {"created_at": created_at.isoformat(), "report": report})


def read_value(folder: Path) -> tuple[ValueModel, dict[str, Any]]:
    """The model of a folder and its report; raises `ArtifactError` where a byte was altered."""
    content, texts = read_content(folder)
    return ValueModel.from_json(content, texts), content["report"]
