"""Compares two catalogues: files, or versions that decided in a home."""

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from decisioning.catalog import Catalog
from decisioning.catalog_diff import changes
from decisioning.catalog_file import read_catalog
from decisioning.catalog_problem import dotted
from decisioning.errors import InvalidInputError, NotFoundError, as_word
from features.catalog_source import compiled_catalog, feature_set_of
from features.explanation.catalog_archive import CatalogArchive
from features.home import Home
from features.workspace import Workspace


def compared(before: str, after: str, home: Path, workspace: Path) -> list[dict[str, Any]]:
    """Every difference, by field. Parameters: `after`, "" for the workspace's own.

    Raises `InvalidInputError` of what is neither a file nor a version of this home, `CatalogError` of a bad file.
    """
    old, new = _named(before, home), _named(after, home) if after else _own(workspace)
    return [
        {"field": dotted(each.path), "before": _plain(each.before), "after": _plain(each.after)}
        for each in changes(old, new)
    ]


def _own(workspace: Path) -> Catalog:
    loaded = Workspace.load(workspace)
    return compiled_catalog(loaded, feature_set_of(loaded)).catalog


def _named(name: str, home: Path) -> Catalog:
    path = Path(name)
    if path.is_file():
        return read_catalog(path.read_text(encoding="utf-8"), source=name)
    try:
        return CatalogArchive(Home(home).catalogs).find(name).catalog
    except NotFoundError:
        message = f"{as_word(name)} is neither a file nor the version of a catalogue that decided in {home}"
        raise InvalidInputError(message, field="before") from None


def _plain(value: object) -> Any:
    """A part of a catalogue in words that JSON has; a whole action by what is not its default."""
    if is_dataclass(value) and not isinstance(value, type):
        shown = {
            each.name: getattr(value, each.name) for each in fields(value) if getattr(value, each.name) != each.default
        }
        return {name: _plain(part) for name, part in shown.items()}
    if isinstance(value, tuple | frozenset):
        return [_plain(part) for part in value]
    return value if value is None or isinstance(value, str | int | float | dict) else str(value)


def changes_in_words(found: Sequence[dict[str, Any]]) -> str:
    """A line each."""
    return "\n".join(_line(each) for each in found) or "the same"


def _line(change: dict[str, Any]) -> str:
    if change["before"] is None:
        return f"+ {change['field']}: {change['after']}"
    if change["after"] is None:
        return f"- {change['field']}: {change['before']}"
    return f"  {change['field']}: {change['before']} -> {change['after']}"
