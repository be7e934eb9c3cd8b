"""A file that is written beside the one it takes the place of, so that a failure leaves what was there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def replacing(file: Path) -> Iterator[Path]:
    """A path of the same name to write to; it takes the file's place in one step once the block ends without error.

    Raises `FileNotFoundError` naming the folder where that is missing.
    """
    place = file.resolve()
    if not place.parent.is_dir():
        raise FileNotFoundError(2, "the folder does not exist", str(file.parent))
    with TemporaryDirectory(prefix=".writing-", dir=place.parent) as beside:
        written = Path(beside) / place.name
        yield written
        if place.exists():
            shutil.copymode(place, written)
        written.replace(place)
