"""Work that a second thread does beside the first; who waits for a piece that nobody has begun does it himself."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Self, TypeVar

T = TypeVar("T")


class Later(Generic[T]):
    """One piece of work, which the second thread will do, is doing, or has done.

    Parameters: `work`, which may be done by either thread; `begun`, the second one's.
    """

    def __init__(self, work: Callable[[], T], begun: "Future[T]") -> None:
        self._work = work
        self._begun = begun

    def result(self) -> T:
        """What came of it: done here where the second thread has not got to it. Raises what the work raises."""
        return self._work() if self._begun.cancel() else self._begun.result()


class Aside:
    """The second thread; it takes pieces in the order given, and ends with the context.

    Parameters: `abandoned`, whether an interruption (`KeyboardInterrupt`) leaves a piece that only reads to itself.
    """

    def __init__(self, *, abandoned: bool = False) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._abandoned = abandoned

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        self._thread.shutdown(wait=not (self._abandoned and interrupted), cancel_futures=True)

    def later(self, work: Callable[[], T]) -> Later[T]:
        """Give it a piece."""
        return Later(work, self._thread.submit(work))


def ahead(pieces: Iterator[T]) -> Iterator[T]:
    """The same, each fetched by a second thread while the one before it is worked on."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        coming = thread.submit(_fetched, pieces)
        while found := coming.result():
            coming = thread.submit(_fetched, pieces)
            yield found[0]


def _fetched(pieces: Iterator[T]) -> tuple[T] | None:
    for piece in pieces:
        return (piece,)
    return None
