"""LightGBM without what it only has adapters for: a process that scores needs neither scikit-learn nor pandas.

LightGBM imports both where they are installed, which is three of the four seconds, and 150 of the 220 MiB, that its
import takes. A process that hides them during that import gets the same library, the same parser and the same scores;
it cannot use LightGBM's scikit-learn classes or give it data frames, which nothing that serves does.
"""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from threading import get_ident
from types import ModuleType

ADAPTED = frozenset({"sklearn", "pandas", "pyarrow", "dask", "matplotlib", "graphviz", "polars", "cffi"})
"""Libraries that LightGBM looks for and does without."""


class _Absent(MetaPathFinder):
    """Says of some modules, to one thread, that they are not installed."""

    def __init__(self) -> None:
        self._thread = get_ident()

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002  # the protocol of finders
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if get_ident() == self._thread and fullname.partition(".")[0] in ADAPTED:
            raise ModuleNotFoundError(f"{fullname} is not needed here", name=fullname)
        return None


@contextmanager
def _absent() -> Iterator[None]:
    finder = _Absent()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


def import_lone_lightgbm() -> None:
    """Import LightGBM without the libraries it adapts to; what was imported before, by whomever, stays as it is."""
    with _absent():
        import lightgbm  # noqa: F401  # whoever scores imports it from here on
