"""Tables as JSON Lines: one object a row."""

import json
from pathlib import Path

import pandas as pd

from pipelines.file_import.opened import opened


def read_json_lines(file: Path) -> pd.DataFrame:
    """The table; raises `ValueError` naming the first line that is no JSON object."""
    try:
        with opened(file) as (stream, _):
            frame = pd.read_json(stream, lines=True, dtype=False, convert_dates=False)
    except (ValueError, AttributeError) as error:
        raise ValueError(_first_wrong(file) or str(error)) from error
    if not all(isinstance(name, str) for name in frame.columns):
        raise ValueError(_first_wrong(file))
    return frame


def _first_wrong(file: Path) -> str:
    with opened(file) as (stream, _):
        for number, line in enumerate(stream, 1):
            wrong = _wrong(line) if line.strip() else ""
            if wrong:
                return f"line {number} {wrong}"
    return ""


def _wrong(line: bytes) -> str:
    try:
        found = json.loads(line)
    except ValueError as error:
        return f"is no JSON: {error}"
    return "" if isinstance(found, dict) else f"is no JSON object but a {type(found).__name__}"
