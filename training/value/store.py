"""A value model as a folder, written and read as a table's model is."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from decisioning.errors import ArtifactError
from training.artifact import write_content
from training.manifest import read_content
from training.value.learn import ValueModel
from training.value.transactions import Sources


def write_value(model: ValueModel, folder: Path, *, sources: Sources, created_at: datetime, report: Any = None) -> str:
    """Write the folder (made where missing); returns the version, a hash of the content.

    Parameters: `sources`, the columns that scoring reads, part of the content; `report`, kept beside it.
    """
    content, texts = model.to_json()
    content["sources"] = asdict(sources)
    return write_content(content, texts, folder, {"created_at": created_at.isoformat(), "report": report})


def read_value(folder: Path) -> tuple[ValueModel, Sources]:
    """The model of a folder and the columns that it reads; raises `ArtifactError` where a byte of either was altered.

    A model of an earlier release kept its columns where no hash covered them, and is refused.
    """
    content, texts = read_content(folder)
    return ValueModel.from_json(content, texts), _sources_of(content, folder)


def _sources_of(content: Mapping[str, Any], folder: Path) -> Sources:
    if "sources" not in content:
        raise ArtifactError(f"{folder}: is of an earlier release, whose hash did not cover its columns: fit it again")
    told = content["sources"]
    try:
        return Sources(told["customer"], told["time"], tuple(told["amount"]))
    except (KeyError, TypeError) as problem:
        raise ArtifactError(f"{folder}: does not say which columns it reads: {problem!r}") from problem
