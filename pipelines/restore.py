"""Restores a backup into a new home, and erases again whoever was erased since the backup was made."""

import gzip
import sqlite3
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from shutil import copyfileobj, rmtree
from typing import Any

import orjson

from decisioning.errors import InvalidInputError, NotFoundError
from features.home import Home
from features.ledger import Ledger
from features.privacy import erasure_log
from features.privacy.erasure_log import LoggedErasure
from features.privacy.repeat import repeat_erasures
from features.workspace import Workspace
from pipelines.backup import FOLDERS, FORMAT, LEDGER, MANIFEST
from pipelines.clock import system_clock
from pipelines.composition import compose
from pipelines.erase import sweeper
from pipelines.resolve import resolve_all
from training.artifact_locations import follow_home

FILES = (LEDGER, "mlflow.db", MANIFEST)


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored home. Parameters: `erased_again`, how many erasures are younger than the backup."""

    home: str
    records: int
    made_at: datetime
    erased_again: int


def restore(
    home: Path, workspace: Path, file: Path, *, erasures: Path | None = None, nothing_erased: bool = False
) -> Restored:
    """Unpack a backup where there is no home yet, check it, and repeat the erasures since.

    Parameters: `erasures`, the log of the home that was backed up (default: where the workspace says it is);
    `nothing_erased`, somebody's word that there is none. Raises `InvalidInputError` where neither is given, or what is
    given cannot be used; then no home is left.
    """
    if not file.is_file():
        raise NotFoundError(f"{file} is no file; give a backup", field="file")
    logged = _logged(home, workspace, erasures, nothing_erased=nothing_erased)
    with _unpacked(file, home) as manifest:
        with Ledger(Home(home).ledger) as ledger:
            n_repeated = repeat_erasures(ledger, logged)
        if n_repeated:
            _write_again(Workspace.load(workspace).erasure_log(Home(home)), logged)
            resolve_all(home, workspace)
            with compose(home, workspace) as composition:
                sweeper(composition).sweep(now=system_clock())
    return Restored(str(home), manifest["records"], datetime.fromisoformat(manifest["made_at"]), n_repeated)


def _logged(home: Path, workspace: Path, path: Path | None, *, nothing_erased: bool) -> list[LoggedErasure]:
    stated = Workspace.load(workspace).erasure_log(Home(home))
    meant = path or (stated if stated.exists() else None)
    if meant is None and not nothing_erased:
        message = "a backup does not know who was erased since: give the log of erasures of the home that was backed up"
        raise InvalidInputError(
            f"{message} (--erasures), or say that there is none (--nothing-erased)", field="erasures"
        )
    if meant is not None and not meant.is_file():
        raise NotFoundError(f"there is no log of erasures at {meant}", field="erasures")
    return [] if meant is None else list(erasure_log.read(meant))


def _write_again(path: Path, logged: list[LoggedErasure]) -> None:
    """The new home's log has what the old one's had; the next backup may be older than it."""
    known = {each.erasure_id for each in erasure_log.read(path)} if path.exists() else set()
    for erasure in logged:
        if erasure.erasure_id not in known:
            erasure_log.append(path, erasure)


@contextmanager
def _unpacked(file: Path, home: Path) -> Iterator[dict[str, Any]]:
    """The backup's files in the home; the folder goes again where the block does not end well."""
    if home.exists() and any(home.iterdir()):
        raise InvalidInputError(f"{home} is not empty; restore into a new home", field="home")
    home.mkdir(parents=True, exist_ok=True)
    try:
        manifest = _unpack(file, home)
        _check(home / LEDGER, file)
        if Home(home).mlflow.exists():
            follow_home(Home(home).mlflow, home)
        yield manifest
    except BaseException:
        rmtree(home)
        raise


def _unpack(file: Path, home: Path) -> dict[str, Any]:
    try:
        with gzip.open(file) as stream:
            with tarfile.open(fileobj=stream, mode="r:") as archive:
                _extract(archive, home)
            _read_on(stream)
        manifest: dict[str, Any] = orjson.loads((home / MANIFEST).read_bytes())
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError) as error:
        raise InvalidInputError(f"{file} is no backup, or a damaged one: {error}", field="file") from error
    (home / MANIFEST).unlink()
    if manifest.get("format") != FORMAT:
        raise InvalidInputError(
            f"{file} has format {manifest.get('format')}; this release reads {FORMAT}", field="file"
        )
    return manifest


def _extract(archive: tarfile.TarFile, home: Path) -> None:
    """Write the archive's files and folders, by ourselves: the filters of tarfile came with Python 3.11.4.

    Raises `ValueError` of a member that is neither, or that would lie elsewhere.
    """
    for member in filter(_is_ours, archive):
        path = home / member.name
        if ".." in Path(member.name).parts or not (member.isreg() or member.isdir()):
            raise ValueError(f"{member.name} is no file or folder of a home")
        (path if member.isdir() else path.parent).mkdir(parents=True, exist_ok=True)
        content = archive.extractfile(member)
        if content is not None:
            with path.open("xb") as file:
                copyfileobj(content, file)
            path.chmod(member.mode & 0o755 | 0o600)


def _read_on(stream: gzip.GzipFile) -> None:
    """Read to the end, where gzip's checksum of the whole stands: tarfile ends at the last member and never sees it."""
    while stream.read(1 << 20):
        pass


def _is_ours(member: tarfile.TarInfo) -> bool:
    return member.name in FILES or member.name.split("/")[0] in FOLDERS


def _check(ledger: Path, file: Path) -> None:
    try:
        with closing(sqlite3.connect(ledger)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchone()[0]
    except sqlite3.Error as error:
        raise InvalidInputError(f"the ledger in {file} cannot be read: {error}", field="file") from error
    if found != "ok":
        raise InvalidInputError(f"the ledger in {file} is damaged: {found}", field="file")


def restored_in_words(result: Restored) -> str:
    """One line."""
    again = f", {result.erased_again:,} erasures made again" if result.erased_again else ""
    return f"{result.home}: {result.records:,} records as of {result.made_at:%Y-%m-%d %H:%M:%S} UTC{again}"
