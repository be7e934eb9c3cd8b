"""The last good version of something that is loaded from a file: a bad one never replaces a working one."""

import logging
from collections.abc import Callable
from math import inf
from pathlib import Path
from time import monotonic
from typing import Generic, TypeVar

from decisioning.errors import TsugiError, shortened
from serving.metrics import Metrics

Value = TypeVar("Value")
Mark = tuple[int, int, int]
AGAIN_SECONDS = 30.0
"""Before a version is tried again that could not be judged: a trial on a busy machine makes it no less so."""

logger = logging.getLogger(__name__)


class Kept(Generic[Value]):
    """Watches one file and keeps what was last loaded from it successfully.

    Parameters: `what`, a word for logs and metrics; `path`, the file that changes last when a new version is
    published; `load` gives the new version or raises a `TsugiError` or an `OSError`; `version_of` names a version;
    `first`, what there is before anything was loaded; `clock`, seconds.

    `refused` says why what the file names now is not taken over: code and message; empty where it is.
    """

    def __init__(
        self,
        what: str,
        path: Path,
        *,
        load: Callable[[], Value],
        version_of: Callable[[Value], str],
        first: Value,
        metrics: Metrics,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.current = self._first = first
        self.refused = ""
        self.what, self._path, self._load = what, path, load
        self._version_of, self._metrics, self._clock = version_of, metrics, clock
        self._mark: Mark | None = None
        self._again = inf
        metrics.serving(what, version_of(first))

    @property
    def version(self) -> str:
        """The version that is kept now."""
        return self._version_of(self.current)

    @property
    def is_missing(self) -> bool:
        """Whether something was published, and nothing could ever be loaded."""
        return bool(self.refused) and self.current is self._first

    def changed(self) -> bool:
        """Whether the file is another one than when it was last looked at, or gone, or to be tried again."""
        return mark_of(self._path) != self._mark or self._clock() >= self._again

    def refresh(self) -> None:
        """Load the file anew where it changed; keep what there is where that fails, and say so."""
        if not self.changed():
            return
        self._mark, self._again = mark_of(self._path), self._clock() + AGAIN_SECONDS
        if self._mark is None:
            self._judge("missing", f"{self._path.name} is not there any more")
        else:
            self._try()

    def _try(self) -> None:
        try:
            loaded = self._load()
        except TsugiError as error:
            self._judge(error.code, error.message, final=not error.passing)
        except OSError as error:
            self._judge("unreadable", error.strerror or str(error), final=False)
        else:
            self._again = inf
            self._take(loaded)

    def _judge(self, code: str, message: str, *, final: bool = True) -> None:
        """Refuse what the file names: until it changes, or (where not `final`) until it is tried again."""
        if final:
            self._again = inf
        self.refused = f"{code}: {shortened(message.replace(f'{self._path.parent}/', ''))}"
        self._metrics.refused(self.what)
        logger.error("new %s refused, %s stays: %s", self.what, self.version, message)

    def _take(self, loaded: Value) -> None:
        self.current, self.refused = loaded, ""
        self._metrics.serving(self.what, self.version)
        logger.warning("%s %s serves now", self.what, self.version)


def mark_of(path: Path) -> Mark | None:
    """Tell one state of a file from another; None where there is none."""
    try:
        seen = path.stat()
    except OSError:
        return None
    return seen.st_mtime_ns, seen.st_size, seen.st_ino
