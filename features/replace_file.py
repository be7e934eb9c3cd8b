"""One file in the place of another, in one step."""

import os
import tempfile
from pathlib import Path

REPLACING = ".replacing-"
"""How a file is called until it is whole."""


def replace_file(path: Path, data: bytes) -> None:
    """Put a whole file in the place of another, durably: readers see the old one or all of the new one."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=REPLACING)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)
