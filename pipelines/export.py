"""Writes everything that is kept of one customer into a file that only its owner can read."""

import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from features.privacy.access import AccessBook
from features.privacy.told import stated
from pipelines.composition import Composition, compose
from pipelines.reference import reference_of


@dataclass(frozen=True, slots=True)
class Exported:
    """Where the export lies, and how much there was; who it is of is not said."""

    file: str
    events: int
    decisions: int
    outcomes: int


def export_customer(home: Path, workspace: Path, identifier: str, *, out: Path) -> Exported:
    """Write the export. Raises `NotFoundError` where nothing was recorded of this identifier."""
    with compose(home, workspace) as composition:
        told = access_book(composition).of(composition.named(reference_of(identifier)), now=composition.clock())
    _write_private(out, orjson.dumps(told, option=orjson.OPT_INDENT_2))
    return Exported(str(out), len(told["events"]), len(told["decisions"]), len(told["outcomes"]))


def access_book(composition: Composition) -> AccessBook:
    """What gathers exports from an open home."""
    catalog, retention = composition.catalog.catalog, composition.workspace.retention
    features, profiles = composition.features, composition.profiles
    return AccessBook(composition.ledger, features, lambda: profiles, lambda: stated(catalog, retention))


def _write_private(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)


def exported_in_words(result: Exported) -> str:
    """One line."""
    counts = f"{result.events:,} events, {result.decisions:,} decisions, {result.outcomes:,} outcomes"
    return f"{result.file}: {counts}"
