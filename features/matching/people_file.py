"""Reads a table of people from CSV or Parquet, every value as text."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from decisioning.errors import InvalidInputError

_IDS = ("unique_id", "id", "record_id", "rec_id", "customer_id", "person_id", "user_id")
"""Columns that hold a record's id, where none is stated."""


class PeopleFileError(InvalidInputError):
    """A file is no table of people."""

    code = "invalid_table"


@dataclass(frozen=True, slots=True)
class PeopleTable:
    """A table as it was read.

    Parameters: `columns`, text by column, "" where nothing is given; `id_column`, "" where rows are numbered instead.
    """

    columns: Mapping[str, list[str]]
    id_column: str

    @property
    def ids(self) -> list[str]:
        """One per row: its id, or its number from 1."""
        if self.id_column:
            return self.columns[self.id_column]
        rows = len(next(iter(self.columns.values())))
        return [str(row) for row in range(1, rows + 1)]

    def column(self, name: str, option: str) -> list[str]:
        """A column that an option names.

        Raises: `PeopleFileError` where there is none.
        """
        if name not in self.columns:
            raise PeopleFileError(f"no column {name!r}; the table has: {', '.join(self.columns)}", field=option)
        return self.columns[name]


def read_people(file: Path, id_column: str | None = None) -> PeopleTable:
    """The table of a .csv, .csv.gz or .parquet file.

    Parameters: `id_column`; without one, a column of a usual name (unique_id, id …), else the number of the row.
    Raises: `PeopleFileError` where the file is missing, is no table, has no row, or lacks that column.
    """
    frame = _frame(file)
    if frame.empty:
        raise PeopleFileError(f"{file} has no row")
    if not isinstance(frame.index, pd.RangeIndex):  # pandas takes what has no name for names of rows
        raise PeopleFileError(f"{file} has more values in a row than names of columns", field="file")
    columns = {str(name).strip(): values.tolist() for name, values in frame.items()}
    if len(columns) < frame.shape[1]:
        raise PeopleFileError(f"{file} names a column twice: {', '.join(map(str, frame.columns))}")
    table = PeopleTable(columns, id_column or next((name for name in _IDS if name in columns), ""))
    if id_column:
        table.column(id_column, "id")
    return table


def _frame(file: Path) -> pd.DataFrame:
    try:
        if file.suffix == ".parquet":
            frame = pd.read_parquet(file, dtype_backend="numpy_nullable").astype("object")  # whole numbers stay whole
            return frame.where(frame.notna(), "").astype(str)
        separator = _separator(file)
        return pd.read_csv(file, dtype=str, keep_default_na=False, skipinitialspace=True, sep=separator)
    except FileNotFoundError as error:
        raise PeopleFileError(f"{file} does not exist", field="file") from error
    except pd.errors.EmptyDataError as error:
        raise PeopleFileError(f"{file} is empty", field="file") from error
    except (OSError, ValueError, csv.Error) as error:
        first_line = str(error).partition("\n")[0]
        raise PeopleFileError(f"{file} cannot be read as a table: {first_line}", field="file") from error


def _separator(file: Path) -> str:
    """What stands between the names of the first line: a comma, a semicolon or a tab."""
    names = pd.read_csv(file, dtype=str, nrows=0, sep="\x01", engine="python").columns
    header = str(names[0]) if len(names) else ""
    return max(",;\t", key=header.count)
