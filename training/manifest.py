"""Stored bundles as they lie: hashes verified, pointers followed, a trial load in another process; nothing is parsed.

Reads no model: what names, hashes and points needs no LightGBM, whose import takes seconds.
"""

import hashlib
import re
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from math import inf
from pathlib import Path
from signal import SIGKILL
from typing import Any

import orjson

from decisioning.errors import ArtifactError, NotFoundError
from features.fast_layer.origin import Origin

MANIFEST = "bundle.json"
POINTER = "champion.json"
FORMAT = 1
MOST_BYTES = 64 * 1024 * 1024
PATIENCE_SECONDS = 60.0
_FILE = re.compile(r"[a-z_]{1,40}\.txt")
_VERSION = re.compile(r"[0-9a-f]{16}")
SAME_ORDER = "same_order"
_ENVELOPE = ("version", "created_at", "learned_until", "report")


def read_content(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
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


def origin_of(home: Path, version: str) -> Origin | None:
    """Where the published bundle of this version comes from; None of the catalogue's own ("none").

    Raises `ArtifactError`.
    """
    if version == "none":
        return None
    content = read_manifest(home / "bundles" / version)
    until = content.get("learned_until")
    return Origin(
        datetime.fromisoformat(content["created_at"]),
        information_of(content),
        None if until is None else datetime.fromisoformat(until),
    )


def information_of(content: Mapping[str, Any]) -> dict[str, float]:
    """What a bundle's rows say of each action's level; one written before that was kept says nothing of it.

    Raises `ArtifactError` of what is no number from 0 on.
    """
    told: dict[str, Any] = content.get("information", {})
    for action, said in told.items():
        if not isinstance(said, int | float) or not 0.0 <= said < inf:
            raise ArtifactError(f"{MANIFEST}: information {said!r} on {action!r}, expected a number from 0 on")
    return {action: float(said) for action, said in told.items()}


def same_order(content: Mapping[str, Any]) -> list[str]:
    """The versions of every bundle that orders as this one does, its own last; they differ in what they foresee."""
    report = content.get("report")
    told = report.get(SAME_ORDER, []) if isinstance(report, dict) else []
    return [*(version for version in told if version != content["version"]), content["version"]]


def version_of(content: dict[str, Any]) -> str:
    """The version that a content has: 16 hexadecimal digits of its sha256."""
    body = {name: part for name, part in content.items() if name not in _ENVELOPE}
    return sha256_of(orjson.dumps(body, option=OPTIONS))[:16]


def verify_in_subprocess(folder: Path, *, timeout_seconds: float = PATIENCE_SECONDS) -> str:
    """Load the bundle in a process of its own and compare its golden rows; returns the version.

    Raises `ArtifactError` where that fails, crashes or hangs: this process goes on. One that had no time, or was
    killed, is passing.
    """
    version = str(read_manifest(folder)["version"])
    command = [sys.executable, "-m", "training.trial", str(folder)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout_seconds, check=False)  # noqa: S603 - our own module
    except subprocess.TimeoutExpired as problem:
        late = f"{folder}: the trial load took longer than {timeout_seconds} s"
        raise ArtifactError(late, passing=True) from problem
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        reason = said[-1] if said else f"exit code {done.returncode}"
        raise ArtifactError(f"{folder}: the trial load failed: {reason}", passing=done.returncode == -SIGKILL)
    return version


def champion_path(home: Path) -> Path | None:
    """The folder of the published champion below a home; None where nothing is published.

    Raises `ArtifactError` where the pointer or the manifest is not what was published.
    """
    named = champion_named(home)
    return published_path(home, *named) if named else None


def champion_named(home: Path) -> tuple[str, str] | None:
    """Version and sha256 that the pointer names, whatever became of that bundle; None where nothing is published.

    Raises `ArtifactError` where the pointer cannot be read.
    """
    pointer = home / "bundles" / POINTER
    if not pointer.exists():
        return None
    try:
        said = orjson.loads(_bytes(pointer))
        return str(said["version"]), str(said["sha256"])
    except (orjson.JSONDecodeError, KeyError, TypeError) as problem:
        raise ArtifactError(f"{pointer}: expected an object with version and sha256: {problem!r}") from problem


def published_path(home: Path, version: str, digest: str, *, pointer: str = POINTER) -> Path:
    """The folder of a published bundle, as a pointer names it; raises `ArtifactError` where it was altered."""
    if not _VERSION.fullmatch(version):
        raise ArtifactError(f"{home / 'bundles' / pointer}: version {version!r}, expected 16 hexadecimal digits")
    folder = home / "bundles" / version
    _verified(folder / MANIFEST, digest)
    return folder


def kept_path(home: Path, version: str) -> Path:
    """The folder of a bundle of this version, once published below a home, whether it serves or not.

    Raises `NotFoundError` where it is not kept.
    """
    folder = home / "bundles" / version
    if not _VERSION.fullmatch(version) or not folder.is_dir():
        raise NotFoundError(f"the bundle {version} is not kept in this home", code="bundle_not_kept")
    return folder


def manifest_digest(folder: Path) -> str:
    """The sha256 of `bundle.json`, in hexadecimal."""
    return sha256_of(_bytes(folder / MANIFEST))


OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_SERIALIZE_NUMPY


def sha256_of(data: bytes) -> str:
    """The sha256 of bytes, in hexadecimal."""
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
    if sha256_of(data) != digest:
        raise ArtifactError(f"{path}: sha256 {sha256_of(data)}, expected {digest}")
    return data


def _checked_files(content: dict[str, Any], path: Path) -> dict[str, Any]:
    files = content.get("files")
    if not isinstance(files, dict):
        raise ArtifactError(f"{path}: expected `files`, a sha256 by file name")
    for name, digest in files.items():
        if not _FILE.fullmatch(name) or not isinstance(digest, str):
            raise ArtifactError(f"{path}: file name {name!r}, expected one like effect.txt with its sha256")
    return content
