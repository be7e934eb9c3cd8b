"""A second process that reads along while a file is loaded, so that both cores work.

    python -m pipelines.follow HOME WORKSPACE

It applies what it read to the online features when its standard input ends. Nothing depends on it: whoever loads
catches up afterwards, and finds it done.
"""

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from features.catalog_source import feature_set_of
from features.history import STATES
from features.home import Home
from features.ledger import Ledger
from features.projection import FeatureProjection
from features.stores import open_rows
from features.workspace import Workspace

WORTH = 32 * 2**20
"""Bytes of a file from which a second process is worth its start."""
MODULE = "pipelines.follow"
PAUSE = 0.05
"""Seconds between two looks at a ledger that did not grow."""


@contextmanager
def followed(home: Path, workspace: Path, *, size: int) -> Iterator[None]:
    """While a file of so many bytes is loaded within, another process reads along; it is done when this ends."""
    if size < WORTH or len(os.sched_getaffinity(0)) == 1:
        yield
        return
    command = [sys.executable, "-m", MODULE, str(home.absolute()), str(workspace.absolute())]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as follower:  # noqa: S603 (this interpreter, this module)
        try:
            yield
        except BaseException:
            follower.terminate()
            raise


def main(arguments: Sequence[str]) -> None:
    """Follow the ledger of a home until standard input ends."""
    home, workspace = Home(Path(arguments[0])), Workspace.load(Path(arguments[1]))
    with Ledger(home.ledger) as ledger, closing(open_rows(home, workspace.stores)) as rows:
        projection = FeatureProjection(ledger, rows, feature_set_of(workspace), seed=home.history / STATES)
        projection.follow(_is_over)


def _is_over() -> bool:
    readable, _, _ = select.select([sys.stdin], [], [], PAUSE)
    return bool(readable)


if __name__ == "__main__":
    main(sys.argv[1:])
