"""Keeps everybody from asking a store that does not answer, until somebody with time finds that it does again."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from threading import Event, Lock

from decisioning.errors import UnavailableError

MOST_FAILURES = 3
"""In a row: then nobody asks any more."""
PAUSE_SECONDS = 0.5
"""Between two looks whether it answers again."""

logger = logging.getLogger(__name__)


class Breaker:
    """One store's breaker.

    Parameters: `what`, the store's name; `look` asks it, for as long as that takes, and raises `UnavailableError` while
    it does not answer; `aside`, where looks are made: one thread is enough.
    """

    def __init__(self, what: str, look: Callable[[], object], aside: Executor) -> None:
        self._what, self._look, self._aside = what, look, aside
        self._n_failures = 0
        self._lock = Lock()
        self._ended = Event()
        self.is_open = False

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Ask within the block; raises `UnavailableError` at once where nobody asks now. A success ends a series."""
        if self.is_open:
            raise UnavailableError(f"{self._what} is not asked: it did not answer {MOST_FAILURES} times in a row")
        try:
            yield
        except UnavailableError:
            self._failed()
            raise
        self._n_failures = 0

    def close(self) -> None:
        """Look no more."""
        self._ended.set()

    def _failed(self) -> None:
        with self._lock:
            self._n_failures += 1
            if self.is_open or self._ended.is_set() or self._n_failures < MOST_FAILURES:
                return
            self.is_open = True
        logger.error("%s does not answer: it is left alone until it does", self._what)
        self._aside.submit(self._watch)

    def _watch(self) -> None:
        while not self._ended.wait(PAUSE_SECONDS):
            if self._answers():
                self._n_failures, self.is_open = 0, False
                logger.warning("%s answers again", self._what)
                return

    def _answers(self) -> bool:
        try:
            self._look()
        except UnavailableError:
            return False
        except Exception as error:  # noqa: BLE001  # the watch must outlive whatever nobody foresaw; it is logged
            logger.error("%s could not be looked at: %s", self._what, type(error).__name__)
            return False
        return True
