"""Backs a home up while it is in use: the ledger as of one moment, and what cannot be made anew from it."""

import os
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from decisioning.errors import NotFoundError
from features.home import Home
from features.ledger import Ledger, last_seq
from features.privacy.seal import make_seal
from pipelines.clock import system_clock
from training.publication import PUBLISHING

FORMAT = 1
LEDGER, MANIFEST = "ledger.db", "manifest.json"
FOLDERS = ("bundles", "catalogs", "mlartifacts")


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup. Parameters: `records`, the number of the last record in it; `made_at`, before which all is in it."""

    file: str
    records: int
    made_at: datetime
    bytes: int


def back_up(home: Path, out: Path) -> BackedUp:
    """Write a backup; whatever was acknowledged before it began is in it. Raises `NotFoundError` of an empty home."""
    place, made_at = Home(home), system_clock()
    if not place.ledger.exists():
        raise NotFoundError(f"{home} has no ledger; there is nothing to back up", field="home")
    with Ledger(place.ledger) as ledger:
        ledger.write(make_seal).result()  # a later erasure must be recognised in what is restored
    with TemporaryDirectory(dir=out.absolute().parent, prefix=".tsugi-backup-") as folder:
        seq = _copy_databases(place, Path(folder))
        manifest = {"format": FORMAT, "made_at": made_at, "records": seq, "home": str(place.path.resolve())}
        (Path(folder) / MANIFEST).write_bytes(orjson.dumps(manifest))
        _pack(place, Path(folder), out)
    return BackedUp(str(out), seq, made_at, out.stat().st_size)


def _copy_databases(home: Home, folder: Path) -> int:
    """Copy each as of one moment, others writing meanwhile; the last record of the ledger's copy."""
    for path in (home.mlflow, home.ledger):
        if path.exists():
            with (
                closing(sqlite3.connect(path)) as source,
                closing(sqlite3.connect(folder / path.name)) as target,
            ):
                source.backup(target)
    with closing(sqlite3.connect(folder / LEDGER)) as copy:
        return last_seq(copy)


def _pack(home: Home, folder: Path, out: Path) -> None:
    """Write the archive beside its place, readable by its owner only, and move it there when it is on disk."""
    partial = folder / "archive"
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as archive:
            for path in sorted(folder.glob("*.*")):
                archive.add(path, arcname=path.name)
            for name in FOLDERS:
                if (home.path / name).is_dir():
                    archive.add(home.path / name, arcname=name, filter=_whole)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(out)


def _whole(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """The member; None of a folder in which a bundle is being copied."""
    return None if Path(member.name).name.startswith(PUBLISHING) else member


def backed_up_in_words(result: BackedUp) -> str:
    """One line."""
    size = f"{result.bytes / 1024**2:.1f} MiB"
    return f"{result.file}: {result.records:,} records as of {result.made_at:%Y-%m-%d %H:%M:%S} UTC, {size}"
