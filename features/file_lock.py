"""A lock file: one process, and within it one thread, at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Wait until nobody else holds a lock file, and hold it; it is let go at the end, or when the process dies.

    Parameters: `lock`, made with its folders where it is missing; nothing is ever written to it.
    Raises: `OSError` where it cannot be made.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def taken(descriptor: int) -> bool:
    """Whether the lock of an open file is ours now; nobody is waited for, and closing the file lets it go."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def lock_beside(path: Path) -> Path:
    """The lock file of a file.

    >>> lock_beside(Path("home/online.db")).as_posix()
    'home/online.db.lock'
    """
    return path.with_name(path.name + ".lock")
