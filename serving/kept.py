"""The last good version of something that is loaded from a file: a bad one never replaces a working one."""

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from decisioning.errors import TsugiError
from serving.metrics import Metrics

Value = TypeVar("Value")
Mark = tuple[int, int, int]

logger = logging.getLogger(__name__)


class Kept(Generic[Value]):
    """Watches one file and keeps what was last loaded from it successfully.

    Parameters: `what`, a word for logs and metrics; `path`, the file that changes last when a new version is
    published; `load` gives the new version or raises a `TsugiError`; `version_of` names a version; `first`, what there
    is before anything was loaded.
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
    ) -> None:
        self.current = self._first = first
        self.refused = ""
        self.what, self._path, self._load = what, path, load
        self._version_of, self._metrics = version_of, metrics
        self._mark: Mark | None = None
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
        """Whether the file is another one than when it was last loaded; a file that vanished has not changed."""
        mark = mark_of(self._path)
        return mark is not None and mark != self._mark

    def refresh(self) -> None:
        """Load the file anew where it changed; keep what there is where that fails, and say so."""
        if not self.changed():
            return
        self._mark = mark_of(self._path)
        try:
            loaded = self._load()
        except TsugiError as error:
            self._refuse(error)
        else:
            self._take(loaded)

    def _refuse(self, error: TsugiError) -> None:
        self.refused = error.code
        self._metrics.refused(self.what)
        logger.error("new %s refused, %s stays: %s", self.what, self.version, error.message)

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
