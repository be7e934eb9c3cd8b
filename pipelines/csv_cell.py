"""Cells of tables that are written for people: what a spreadsheet would take for a formula is written as text."""

import re
from collections.abc import Iterable

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet computes (OWASP, CSV injection)."""


def as_text(cell: str) -> str:
    r"""The cell, with an apostrophe before what would be computed; a plain number stays one.

    A carriage return becomes a line feed: not every writer puts quotes around it, and what follows would be a new row.

    >>> as_text("=1+1"), as_text("-3.5"), as_text("+491701234"), as_text("a\r=1")
    ("'=1+1", '-3.5', '+491701234', 'a\n=1')
    """
    safe = f"'{cell}" if cell.startswith(_FORMULA) and not _NUMBER.fullmatch(cell) else cell
    return safe.replace("\r\n", "\n").replace("\r", "\n")


def all_as_text(cells: Iterable[object]) -> list[object]:
    """The same of many cells; what is no text stays as it is."""
    return [as_text(cell) if isinstance(cell, str) else cell for cell in cells]
