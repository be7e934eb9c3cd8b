"""Tables in files: CSV (also packed), Parquet and JSON Lines, read whole; and written again by the ending of a name."""

import csv
import re
from pathlib import Path
from typing import Any, cast

import pandas as pd

from pipelines.csv_cell import all_as_text, as_text
from pipelines.file_import.opened import opened, plain_name
from pipelines.model_table.json_lines import read_json_lines
from pipelines.model_table.replacing import replacing
from pipelines.model_table.widths import SPACES, uneven
from training.tabular.table import TableError

_DELIMITERS = "\t;|,"
"""The less a name can contain it, the sooner."""
_ENDINGS = (".csv", ".tsv", ".txt", ".parquet", ".jsonl", ".ndjson")


class FileError(TableError):
    """A file cannot be read as a table, or cannot be written."""

    code = "invalid_file"


def read_table(file: Path) -> pd.DataFrame:
    """The table in a file, cells of a CSV as text.

    Raises: `FileError` where it is missing, damaged, of an ending that is not known, names a column twice, or has rows
        of more or fewer fields than its header; of text in another encoding than UTF-8.
    """
    ending = Path(plain_name(file)).suffix.lower()
    if ending not in _ENDINGS:
        raise FileError(f"{file.name} is no table; allowed: {', '.join(_ENDINGS)}, text also as .gz", field="file")
    try:
        frame = _read(file, ending)
    except FileNotFoundError as error:
        raise FileError(f"{file} does not exist", code="no_file", field="file") from error
    except pd.errors.EmptyDataError as error:
        raise FileError(f"{file} is empty", code="no_rows", field="file") from error
    except UnicodeDecodeError as error:
        way_out = "save it as UTF-8, for example by `iconv -f ISO-8859-1 -t UTF-8`"
        told = f"{file} is no text in UTF-8 (byte 0x{error.object[error.start]:02x})"
        raise FileError(f"{told}: {way_out}", code="not_utf8", field="file") from error
    except (OSError, ValueError, EOFError, csv.Error) as error:
        raise FileError(
            f"{file} cannot be read as a table: {str(error).partition(chr(10))[0]}", field="file"
        ) from error
    frame.columns = [str(name).strip() for name in frame.columns]
    twice = sorted({name for name in frame.columns if list(frame.columns).count(name) > 1})
    if twice:
        raise FileError(f"{file.name} names a column twice: {', '.join(twice)}", field="file")
    return frame


def _read(file: Path, ending: str) -> pd.DataFrame:
    if ending == ".parquet":
        return pd.read_parquet(file)
    if ending in (".jsonl", ".ndjson"):
        return read_json_lines(file)
    return _text(file)


def _text(file: Path) -> pd.DataFrame:
    """A CSV, its columns named as the file names them: pandas would number those that come twice."""
    with opened(file) as (stream, _):
        first = re.sub(r'"[^"]*"', "", stream.readline().decode("utf-8-sig", errors="replace"))
    delimiter = max(_DELIMITERS, key=first.count)
    if not first.count(delimiter) and len(first.split()) > 1:
        delimiter = SPACES
    wrong = uneven(file, delimiter)
    if wrong:
        raise FileError(f"{file.name}: {wrong}", code="uneven_rows", field="file")
    names = _cells(file, header=None, nrows=1, sep=delimiter).iloc[0].tolist()
    return _cells(file, sep=delimiter).set_axis(names, axis=1)


def _cells(file: Path, **options: Any) -> pd.DataFrame:
    as_it_stands = {"dtype": str, "keep_default_na": False, "skipinitialspace": True, "index_col": False, **options}
    found = pd.read_csv(file, encoding="utf-8-sig", **as_it_stands)
    return cast("pd.DataFrame", found)


def write_table(frame: pd.DataFrame, file: Path) -> None:
    """Write the table by the ending of the file's name, in one step: a failure leaves what was there.

    Raises `FileError`, naming what is missing or what the format cannot hold.
    """
    ending = Path(plain_name(file)).suffix.lower()
    if ending not in _ENDINGS:
        raise FileError(f"{file.name} has no ending of a table; allowed: {', '.join(_ENDINGS)}", field="out")
    try:
        with replacing(file) as written:
            _write(frame, written, ending)
    except OSError as error:
        missing = f" ({error.filename})" if isinstance(error, FileNotFoundError) else ""
        reason = f"{error.strerror or error}{missing}"
        raise FileError(f"{file} cannot be written: {reason}", code="cannot_write", field="out") from error
    except (ValueError, TypeError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        raise FileError(f"{file} cannot hold this table: {reason}", code="cannot_write", field="out") from error


def _write(frame: pd.DataFrame, file: Path, ending: str) -> None:
    if ending == ".parquet":
        frame.to_parquet(file, index=False)
    elif ending in (".jsonl", ".ndjson"):
        frame.to_json(file, orient="records", lines=True, date_format="iso")
    else:
        _for_people(frame).to_csv(file, index=False, sep="\t" if ending == ".tsv" else ",")


def _for_people(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with every text, names of columns too, as `csv_cell.as_text` has it; names may come twice."""
    safe = frame.rename(columns=lambda name: as_text(str(name)))
    for place in range(frame.shape[1]):
        column = frame.iloc[:, place]
        if pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype):
            safe.isetitem(place, pd.Series(all_as_text(column), dtype=object).to_numpy())
    return safe
