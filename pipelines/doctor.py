"""Says whether this machine, this workspace and this home are fit to run; looks, and changes nothing."""

import ctypes.util
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from decisioning.errors import TsugiError
from features.generated import names_in
from features.workspace import Workspace
from pipelines.foreign_amounts import currencies_told, told_in_words
from training.manifest import champion_path, read_content

PACKAGES = ("bentoml", "feast", "lightgbm", "mlflow", "optuna", "scikit-learn", "pandas", "duckdb", "numpy")
LEAST_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is well, and what was seen (with what to do, where it is not)."""

    name: str
    ok: bool
    seen: str


def examine(home: Path, workspace: Path) -> list[Finding]:
    """Look at Python, packages, the OpenMP library, disk, workspace, home, ledger and champion."""
    ledger = home / "ledger.db"
    stores = (_home(home), _ledger(ledger), *_currency(ledger, workspace), _champion(home))
    return [*_machine(home), _workspace(workspace), *stores]


def _machine(home: Path) -> Iterator[Finding]:
    yield Finding("python", sys.version_info >= (3, 11), sys.version.split()[0])
    for package in PACKAGES:
        yield _package(package)
    found = ctypes.util.find_library("gomp") is not None or sys.platform != "linux"
    yield Finding("openmp", found, "found" if found else "LightGBM needs libgomp: install libgomp1 with your system")
    yield _disk(home)


def _package(name: str) -> Finding:
    try:
        return Finding(name, ok=True, seen=version(name))
    except PackageNotFoundError:
        return Finding(name, ok=False, seen="not installed: make env")


def _nearest(path: Path) -> Path:
    """The folder, or the one above it that is there already."""
    return next(each for each in (path.absolute(), *path.absolute().parents) if each.exists())


def _disk(home: Path) -> Finding:
    nearest = _nearest(home)
    free = shutil.disk_usage(nearest).free
    return Finding("disk", free >= LEAST_FREE_BYTES, f"{free / 1024**3:.1f} GiB free at {nearest}")


def _workspace(folder: Path) -> Finding:
    return _checked("workspace", lambda: f"{Workspace.load(folder).name} at {folder}")


def _home(path: Path) -> Finding:
    nearest = _nearest(path)
    if not nearest.is_dir():
        return Finding("home", ok=False, seen=f"{nearest} is not a folder: choose another --home")
    if not os.access(nearest, os.W_OK | os.X_OK):
        return Finding("home", ok=False, seen=f"{nearest} cannot be written to")
    return Finding("home", ok=True, seen=str(path) if path.exists() else f"none yet at {path}")


def _ledger(path: Path) -> Finding:
    return _checked("ledger", lambda: _records(path) if path.exists() else f"none yet at {path}")


def _records(path: Path) -> str:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        (n_records,) = connection.execute("SELECT count(*) FROM record").fetchone()
    finally:
        connection.close()
    return f"{n_records:,} records in {path}"


def _currency(ledger: Path, workspace: Path) -> Iterator[Finding]:
    """In which currency amounts are told; nothing where there is no ledger, or no catalogue says which is counted."""
    with suppress(TsugiError):
        currency = names_in(Workspace.load(workspace).catalog_path).currency
        if currency and ledger.exists():
            yield _checked("currency", lambda: told_in_words(currencies_told(ledger), currency))


def _champion(home: Path) -> Finding:
    found = _checked("champion", lambda: _bundle(champion_path(home)))
    advice = "" if found.ok else "; `tsugi promote --version` publishes what was registered anew"
    return replace(found, seen=found.seen + advice)


def _bundle(folder: Path | None) -> str:
    """Which bundle serves, every file of it verified."""
    return "none yet" if folder is None else f"bundle {read_content(folder)[0]['version']}"


def _checked(name: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(name, ok=True, seen=look())
    except TsugiError as error:
        return Finding(name, ok=False, seen=error.message)
    except sqlite3.Error as error:
        return Finding(name, ok=False, seen=f"cannot be read: {error}")


def findings_in_words(findings: list[Finding]) -> str:
    """One line a finding."""
    return "\n".join(f"{'ok ' if each.ok else 'BAD'}  {each.name}: {each.seen}" for each in findings)
