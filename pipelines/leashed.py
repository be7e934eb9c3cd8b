"""Runs a command of `tsugi` on a leash: it yields to what serves, and it ends when the worker that began it ends.

    python -m pipelines.leashed PARENT MEMORY_MB COMMAND ...

Its limits are set before anything heavy is imported. On Linux it is killed at its parent's end; elsewhere a worker that
is killed leaves its command running, and the home's lease keeps a second one from beginning meanwhile.
"""

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Sequence

NICE = 10
_PARENT_DEATH_SIGNAL = 1
"""`PR_SET_PDEATHSIG` of Linux' prctl(2)."""


def leash(parent: int, *, memory_mb: int) -> None:
    """Put this process on its leash: last in line for the processors, on one of them, with bounded memory.

    Parameters: `parent`, the process to end with; `memory_mb`, of data, 0 for no bound. Exits where the parent is gone.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    if os.getppid() != parent:
        raise SystemExit(1)
    os.nice(NICE)
    if memory_mb:
        resource.setrlimit(resource.RLIMIT_DATA, (memory_mb * 2**20,) * 2)


def main(arguments: Sequence[str]) -> None:
    """Leash this process, then be `tsugi` with the other arguments."""
    leash(int(arguments[0]), memory_mb=int(arguments[1]))
    from pipelines.cli import main as tsugi

    sys.argv = ["tsugi", *arguments[2:]]
    tsugi()


if __name__ == "__main__":
    main(sys.argv[1:])
