"""What a retraining that was killed leaves behind below the home, and runs that MLflow shows as running."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory

from training.publication import clear_half_copied
from training.registry import Registry

PREFIX = ".retraining-"


@contextmanager
def making_folder(home: Path) -> Iterator[Path]:
    """A folder below the home to make a bundle in; it goes at the end."""
    with TemporaryDirectory(dir=home, prefix=PREFIX) as folder:
        yield Path(folder)


def clear_leftovers(registry: Registry, home: Path) -> None:
    """Delete what earlier retrainings and publications left, and end their runs as killed.

    Only for who holds the lease of the retrainings: what is found then is nobody's.
    """
    for left in home.glob(f"{PREFIX}*"):
        rmtree(left, ignore_errors=True)
    clear_half_copied(home)
    registry.end_left_running()
