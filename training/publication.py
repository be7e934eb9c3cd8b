"""Publishing a bundle: copied below the home, tried in another process, then the pointer is swapped in one step."""

import os
import shutil
import tempfile
from pathlib import Path

import orjson

from training.artifact import POINTER, champion_path, manifest_digest, read_manifest, verify_in_subprocess


def publish(folder: Path, home: Path) -> Path:
    """Make a written bundle the champion that serves; returns its published folder.

    Nothing changes unless the whole bundle is verified; what is published is either the old one or all of the new one.
    Raises `ArtifactError`.
    """
    version = verify_in_subprocess(folder)
    target = home / "bundles" / version
    if not target.exists():
        _copy(folder, target)
    pointer = {"version": version, "sha256": manifest_digest(target)}
    _replace(home / "bundles" / POINTER, orjson.dumps(pointer))
    return target


def champion(home: Path) -> Path | None:
    """The published champion's folder; None where nothing is published. Raises `ArtifactError` where it was altered."""
    return champion_path(home)


def _copy(folder: Path, target: Path) -> None:
    """Copy the manifest and the files it names, under another name first; only whole folders get the real one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".publishing-") as scratch:
        whole = Path(scratch) / target.name
        whole.mkdir()
        for name in ("bundle.json", *read_manifest(folder)["files"]):
            shutil.copyfile(folder / name, whole / name)
        _settle(whole, target)


def _settle(whole: Path, target: Path) -> None:
    try:
        whole.rename(target)
    except OSError:  # another process published the same version meanwhile: its content is the same by its hash
        if not target.exists():
            raise


def _replace(path: Path, data: bytes) -> None:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=".pointer-")
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
