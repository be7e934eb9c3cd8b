"""Bundles as folders: written with hashes, verified before a parser sees a byte, tried in another process.

A folder holds `bundle.json` and LightGBM text files, nothing else that is read. `bundle.json` names the sha256 of every
text file, and the bundle's version is the hash of all that. LightGBM's parser may crash on altered text, so a bundle
serves only after `verify_in_subprocess`. Imports no tuning or tracking library: a serving worker loads through here.

    python -m training.artifact FOLDER     # verifies one bundle; exit code 0 or 1
"""

import hashlib
import re
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from decisioning.errors import ArtifactError
from training.bundle_json import Bundle, Texts, bundle_from_json, bundle_to_json
from training.constant import ConstantBundle
from training.encoding import ActionEntry
from training.golden import check_golden, expected, golden_features

MANIFEST = "bundle.json"
POINTER = "champion.json"
FORMAT = 1
MOST_BYTES = 64 * 1024 * 1024
PATIENCE_SECONDS = 60.0
_FILE = re.compile(r"[a-z_]{1,40}\.txt")
_VERSION = re.compile(r"[0-9a-f]{16}")
_ENVELOPE = ("version", "created_at", "report")


def write_bundle(
    bundle: Bundle,
    folder: Path,
    *,
    created_at: datetime,
    entries: tuple[ActionEntry, ...] = (),
    report: Any = None,
) -> str:
    """Write the folder (made where missing); returns the version, a hash of the content.

    Parameters: `entries`, the candidates that golden rows are scored for (a model's own by default); `report`, how it
    came to be, kept beside the content and no part of the version.
    """
    content, texts = bundle_to_json(bundle)
    candidates = entries or _entries(bundle)
    rows = golden_features(_columns(bundle))
    scores = expected(bundle, rows, [entry.candidate() for entry in candidates])
    content["golden"] = {"rows": rows, "entries": [_plain(entry) for entry in candidates], "expected": scores}
    return write_content(content, texts, folder, {"created_at": created_at.isoformat(), "report": report})


def write_content(content: dict[str, Any], texts: Texts, folder: Path, beside: dict[str, Any]) -> str:
    """Write any model's content and its text files with their hashes; returns the version.

    Parameters: `beside`, what is kept with the content and is no part of the version (`created_at`, `report`).
    """
    content |= {"format": FORMAT, "files": {name: _sha256(text.encode()) for name, text in texts.items()}}
    version = version_of(content)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    (folder / MANIFEST).write_bytes(orjson.dumps({"version": version, **beside, **content}, option=_OPTIONS))
    return version


def load_bundle(folder: Path) -> Bundle:
    """Load a bundle whose every hash was verified first.

    Raises `ArtifactError`, naming the file and what was expected.
    """
    return bundle_from_json(*read_content(folder))


def read_content(folder: Path) -> tuple[dict[str, Any], Texts]:
    """Content and text files of any model, every hash verified; raises `ArtifactError`."""
    content = read_manifest(folder)
    texts = {name: _verified(folder / name, digest).decode() for name, digest in content["files"].items()}
    return content, texts


def read_manifest(folder: Path) -> dict[str, Any]:
    """The content of `bundle.json`, its version recomputed; raises `ArtifactError`."""
    path = folder / MANIFEST
    try:
        content = orjson.loads(_bytes(path))
    except orjson.JSONDecodeError as problem:
        raise ArtifactError(f"{path}: is not JSON: {problem}") from problem
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ArtifactError(f"{path}: expected an object with format {FORMAT}")
    if content.get("version") != version_of(content):
        raise ArtifactError(f"{path}: version {content.get('version')!r}, expected {version_of(content)!r} by content")
    return _checked_files(content, path)


def version_of(content: dict[str, Any]) -> str:
    """The version that a content has: 16 hexadecimal digits of its sha256."""
    body = {name: part for name, part in content.items() if name not in _ENVELOPE}
    return _sha256(orjson.dumps(body, option=_OPTIONS))[:16]


def verify_in_subprocess(folder: Path, *, timeout_seconds: float = PATIENCE_SECONDS) -> str:
    """Load the bundle in a process of its own and compare its golden rows; returns the version.

    Raises `ArtifactError` where that fails, crashes or hangs: this process goes on.
    """
    version = str(read_manifest(folder)["version"])
    command = [sys.executable, "-m", "training.artifact", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_seconds, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired as problem:
        raise ArtifactError(f"{folder}: the trial load took longer than {timeout_seconds} s") from problem
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        reason = said[-1] if said else f"exit code {done.returncode}"
        raise ArtifactError(f"{folder}: the trial load failed: {reason}")
    return version


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


def champion_path(home: Path) -> Path | None:
    """The folder of the published champion below a home; None where nothing is published.

    Raises `ArtifactError` where the pointer or the manifest is not what was published.
    """
    pointer = home / "bundles" / POINTER
    if not pointer.exists():
        return None
    try:
        said = orjson.loads(_bytes(pointer))
        version, digest = str(said["version"]), str(said["sha256"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as problem:
        raise ArtifactError(f"{pointer}: expected an object with version and sha256: {problem!r}") from problem
    if not _VERSION.fullmatch(version):
        raise ArtifactError(f"{pointer}: version {version!r}, expected 16 hexadecimal digits")
    _verified(home / "bundles" / version / MANIFEST, digest)
    return home / "bundles" / version


def manifest_digest(folder: Path) -> str:
    """The sha256 of `bundle.json`, in hexadecimal."""
    return _sha256(_bytes(folder / MANIFEST))


_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _bytes(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise ArtifactError(f"{path}: expected a plain file")
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise ArtifactError(f"{path}: has {size} bytes, at most {MOST_BYTES} are read")
    return path.read_bytes()


def _verified(path: Path, digest: str) -> bytes:
    data = _bytes(path)
    if _sha256(data) != digest:
        raise ArtifactError(f"{path}: sha256 {_sha256(data)}, expected {digest}")
    return data


def _checked_files(content: dict[str, Any], path: Path) -> dict[str, Any]:
    files = content.get("files")
    if not isinstance(files, dict):
        raise ArtifactError(f"{path}: expected `files`, a sha256 by file name")
    for name, digest in files.items():
        if not _FILE.fullmatch(name) or not isinstance(digest, str):
            raise ArtifactError(f"{path}: file name {name!r}, expected one like effect.txt with its sha256")
    return content


def _entries(bundle: Bundle) -> tuple[ActionEntry, ...]:
    return () if isinstance(bundle, ConstantBundle) else bundle.response.layout.actions.entries


def _columns(bundle: Bundle) -> Any:
    return () if isinstance(bundle, ConstantBundle) else bundle.response.layout.features.columns


def _plain(entry: ActionEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in ActionEntry.__dataclass_fields__}


def main(arguments: list[str]) -> int:
    """Verify the bundle in the folder given; 0 if it may serve."""
    try:
        sys.stdout.write(verify(Path(arguments[0])) + "\n")
    except (ArtifactError, IndexError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
