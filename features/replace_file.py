"""One file in the place of another, in one step."""

import os
import tempfile
from pathlib import Path

REPLACING = ".replacing-"
"""How a file is called until it is whole."""


def replace_file(path: Path, data: bytes) -> None:
    """Put a whole file in the place of another, durably: readers see the old one or all of the new one.

    Raises `OSError`; nothing of a file that could not be written stays.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=REPLACING)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
    _keep_names(path.parent)


def _keep_names(folder: Path) -> None:
    """Make durable which names stand for which files: that is the folder's, and no file's."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
