"""Bundles as folders: written with hashes, verified before a parser sees a byte, tried in another process.

A folder holds `bundle.json` and LightGBM text files, nothing else that is read. `bundle.json` names the sha256 of every
text file, and the bundle's version is the hash of all that. LightGBM's parser may crash on altered text, so a bundle
serves only after `verify_in_subprocess`. Imports no tuning or tracking library: a serving worker loads through here.

    python -m training.trial FOLDER     # verifies one bundle; exit code 0 or 1
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from decisioning.errors import ArtifactError
from training.booster_text import Texts
from training.bundle_json import Bundle, bundle_from_json, bundle_to_json
from training.constant import ConstantBundle
from training.encoding import ActionEntry, FeatureColumn
from training.foreseen_model import columns_read
from training.golden import check_golden, expected, golden_features
from training.manifest import (
    FORMAT,
    MANIFEST,
    OPTIONS,
    SAME_ORDER,
    read_content,
    read_manifest,
    same_order,
    sha256_of,
    version_of,
)


def write_bundle(
    bundle: Bundle,
    folder: Path,
    *,
    created_at: datetime,
    learned_until: datetime | None = None,
    entries: tuple[ActionEntry, ...] = (),
    report: Any = None,
) -> str:
    """Write the folder (made where missing); returns the version, a hash of the content.

    Parameters: `learned_until`, the moment of the last decision that it learned from, where that is known; `entries`,
    the candidates that golden rows are scored for (a model's own by default); `report`, how it came to be, kept beside
    the content and no part of the version.
    """
    content, texts = bundle_to_json(bundle)
    candidates = entries or _entries(bundle)
    rows = golden_features(_columns(bundle))
    scores = expected(bundle, rows, [entry.candidate() for entry in candidates])
    content["golden"] = {"rows": rows, "entries": [_plain(entry) for entry in candidates], "expected": scores}
    until = {} if learned_until is None else {"learned_until": learned_until.isoformat()}
    return write_content(content, texts, folder, {"created_at": created_at.isoformat(), **until, "report": report})


def write_renewed(bundle: Bundle, before: Path, folder: Path) -> str:
    """Write a bundle whose order is that of another, written bundle, and that foresees something else.

    What it learned its order from, when, and what later windows are compared with are as before; its report names every
    bundle of the same order. Returns the version. Parameters: `before`, the other one's folder.
    """
    manifest = read_manifest(before)
    until, report = manifest.get("learned_until"), manifest.get("report") or {}
    return write_bundle(
        bundle,
        folder,
        created_at=datetime.fromisoformat(manifest["created_at"]),
        learned_until=None if until is None else datetime.fromisoformat(until),
        entries=tuple(ActionEntry(**entry) for entry in manifest["golden"]["entries"]),
        report={**report, SAME_ORDER: same_order(manifest)},
    )


def write_content(content: dict[str, Any], texts: Texts, folder: Path, beside: dict[str, Any]) -> str:
    """Write any model's content and its text files with their hashes; returns the version.

    Parameters: `beside`, what is kept with the content and is no part of the version (`created_at`, `learned_until`,
    `report`).
    """
    content |= {"format": FORMAT, "files": {name: sha256_of(text.encode()) for name, text in texts.items()}}
    version = version_of(content)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    (folder / MANIFEST).write_bytes(orjson.dumps({"version": version, **beside, **content}, option=OPTIONS))
    return version


def load_bundle(folder: Path) -> Bundle:
    """Load a bundle whose every hash was verified first.

    Raises `ArtifactError`, naming the file and what was expected.
    """
    return bundle_from_json(*read_content(folder))


def verify(folder: Path) -> str:
    """Load the bundle here and compare its golden rows; returns the version. Raises `ArtifactError`."""
    bundle = load_bundle(folder)
    golden = read_manifest(folder)["golden"]
    try:
        candidates = [ActionEntry(**entry).candidate() for entry in golden["entries"]]
        check_golden(bundle, golden["rows"], candidates, golden["expected"])
    except (KeyError, TypeError, IndexError) as problem:
        raise ArtifactError(f"{folder / MANIFEST}: golden rows cannot be used: {problem!r}") from problem
    return bundle.version


def _entries(bundle: Bundle) -> tuple[ActionEntry, ...]:
    return () if isinstance(bundle, ConstantBundle) else bundle.response.layout.actions.entries


def _columns(bundle: Bundle) -> tuple[FeatureColumn, ...]:
    """The features that the response model reads, then what only models of what is foreseen do."""
    own = () if isinstance(bundle, ConstantBundle) else bundle.response.layout.features.columns
    names = {column.name for column in own}
    return (*own, *(column for column in columns_read(bundle.foreseen) if column.name not in names))


def _plain(entry: ActionEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in ActionEntry.__dataclass_fields__}
