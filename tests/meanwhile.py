"""Work that goes on in threads while a test does something else; where it fails, the test fails and nothing hangs."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

Work = Callable[[Event], None]
"""Goes on until the event is set."""


@contextmanager
def meanwhile(*works: Work) -> Iterator[list[Future[None]]]:
    """Let each work go on within the block; at its end, or where it fails, they are told to stop and waited for.

    Whoever waits for what a work brings asserts that its future is not `done()`.
    """
    stop = Event()
    with ThreadPoolExecutor(len(works)) as pool:
        futures = [pool.submit(work, stop) for work in works]
        try:
            yield futures
        finally:
            stop.set()
    for future in futures:
        future.result()
