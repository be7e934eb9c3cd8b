"""A report as one HTML file with its pictures inside, that asks nothing of a network."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from pathlib import Path

from matplotlib.figure import Figure

from decisioning.errors import InvalidInputError


class PageError(InvalidInputError):
    """A page cannot be written."""

    code = "cannot_write"


@dataclass(frozen=True)
class Page:
    """What a page says: a `title`, `notes` in words, `pictures`, and the `text` that the command prints."""

    title: str
    notes: Iterable[str]
    pictures: Iterable[Figure]
    text: str


def write_page(page: Page, file: Path) -> None:
    """Write the page; raises `PageError` where the file cannot be written."""
    notes = "".join(f"<p>{escape(note)}</p>" for note in page.notes)
    pictures = "".join(map(_drawn, page.pictures))
    title = escape(page.title)
    try:
        file.write_text(_PAGE.format(title=title, notes=notes, pictures=pictures, text=escape(page.text)), "utf-8")
    except OSError as error:
        raise PageError(f"{file} cannot be written: {error.strerror}", field="html") from error


def _drawn(figure: Figure) -> str:
    """A figure as SVG, without the lines that name a document type elsewhere, and without who drew it when."""
    written = io.StringIO()
    figure.savefig(written, format="svg", metadata={"Creator": None, "Date": None})
    return f"<figure>{written.getvalue().partition('<svg')[1]}{written.getvalue().partition('<svg')[2]}</figure>"


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body {{ font-family: sans-serif; margin: 2rem; }} pre {{ overflow-x: auto; font-size: 0.8rem; }}
figure {{ display: inline-block; margin: 0; }} svg {{ max-width: 34rem; height: auto; }}</style></head>
<body><h1>{title}</h1>{notes}{pictures}<pre>{text}</pre></body></html>
"""
