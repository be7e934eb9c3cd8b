"""How many fields each row of a text has: one more or one fewer would put values under the wrong names."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from pipelines.file_import.opened import opened

SPACES = r"\s+"
"""The delimiter of a text whose columns stand apart by any number of spaces."""


def uneven(file: Path, delimiter: str) -> str:
    """What is wrong with the first row whose fields are not as many as the header's, in words; "" where none is.

    Rows are counted from 1, without the header and empty lines. Raises `csv.Error`, `UnicodeDecodeError`.
    """
    widths = np.fromiter(_widths(file, delimiter), dtype=np.int64)
    wrong = np.flatnonzero(widths != widths[0]) if len(widths) else widths
    if not len(wrong):
        return ""
    first, header = int(wrong[0]), int(widths[0])
    behind = "; a delimiter stands behind its last field" if _all_one_more(widths) else ""
    also = f"; {len(wrong):,} rows are such" if len(wrong) > 1 else ""
    return f"row {first} has {widths[first]} fields, the header has {header}{also}{behind}"


def _all_one_more(widths: np.ndarray) -> bool:
    return bool((widths[1:] == widths[0] + 1).all())


def _widths(file: Path, delimiter: str) -> Iterator[int]:
    csv.field_size_limit(sys.maxsize)
    with opened(file) as (stream, _):
        text = io.TextIOWrapper(stream, encoding="utf-8", newline="")
        yield from map(len, _rows(filter(str.strip, text), delimiter))
        text.detach()


def _rows(lines: Iterable[str], delimiter: str) -> Iterator[list[str]]:
    if delimiter == SPACES:
        return csv.reader((" ".join(line.split()) for line in lines), delimiter=" ")
    return csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
