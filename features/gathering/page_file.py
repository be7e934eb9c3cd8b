"""Pages of facts in a temporary file without a name: it is gone with the process that made it."""

from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from features.backlog import Page
from features.fact_reader import Hits

_STORED = (np.int32, np.int64, np.int32, np.int32, np.float64)
Number = TypeVar("Number", bound=np.generic)


class Place(NamedTuple):
    """Where a page lies in the file, in bytes, and its size."""

    start: int
    n_facts: int
    n_hits: int


class PageFile:
    """Pages, written one after the other and read in any order; about 20 bytes a fact and 16 a hit.

    Parameters: `folder`, where the file takes its room.
    """

    def __init__(self, folder: Path) -> None:
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115 (this object is the context manager)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def append(self, page: Page) -> Place:
        """Write a page at the end."""
        place = Place(self._file.seek(0, 2), len(page.group), len(page.hits.facts))
        for part, kind in zip((page.group, page.times, *page.hits), _STORED, strict=True):
            self._file.write(part.astype(kind, copy=False).tobytes())
        return place

    def read(self, place: Place) -> Page:
        """The page at a place."""
        self._file.seek(place.start)
        group = self._part(place.n_facts, np.int32).astype(np.intp)
        times = self._part(2 * place.n_facts, np.int64).reshape(-1, 2)
        facts, probes = (self._part(place.n_hits, np.int32).astype(np.intp) for _ in range(2))
        return Page(group, times, Hits(facts, probes, self._part(place.n_hits, np.float64)))

    def _part(self, length: int, kind: type[Number]) -> NDArray[Number]:
        return np.frombuffer(self._file.read(length * np.dtype(kind).itemsize), dtype=kind)
