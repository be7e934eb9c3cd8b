"""A lease: one process at a time does a piece of work; the operating system releases it when the process ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from decisioning.errors import UnavailableError
from features.file_lock import taken


class BusyError(UnavailableError):
    """Another process holds the lease."""

    code = "busy"


@contextmanager
def lease(path: Path, *, work: str) -> Iterator[None]:
    """Hold the lease of this file while the block runs. A killed process holds nothing.

    Raises `BusyError` at once where another process holds it, naming the work and the holder's process id.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _take(handle, path, work=work)
        yield
    finally:
        os.close(handle)


def _take(handle: int, path: Path, *, work: str) -> None:
    if not taken(handle):
        holder = os.read(handle, 20).decode(errors="replace").strip() or "unknown"
        raise BusyError(f"{work} is already running (process {holder} holds {path})")
    os.ftruncate(handle, 0)
    os.pwrite(handle, str(os.getpid()).encode(), 0)
