"""Pages of facts in a temporary file without a name: it is gone with the process that made it."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from features.backlog import Page
from features.fact_reader import Hits

_STORED = (np.int32, np.int64, np.int32, np.int32, np.float64)
_A_FACT, _A_HIT = 20, 16
Number = TypeVar("Number", bound=np.generic)


class Place(NamedTuple):
    """Where a page lies in the file, in bytes, and its size."""

    start: int
    n_facts: int
    n_hits: int

    @property
    def n_bytes(self) -> int:
        """How long it is."""
        return _A_FACT * self.n_facts + _A_HIT * self.n_hits


class PageFile:
    """Pages, written one after the other and read in any order; 20 bytes a fact and 16 a hit.

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
        self._file.writelines(packed(page))
        return place

    def read(self, place: Place) -> Page:
        """The page at a place."""
        self._file.seek(place.start)
        return unpacked(self._file.read(place.n_bytes), place.n_facts, place.n_hits)


def packed(page: Page) -> Iterator[bytes]:
    """A page as bytes, column after column."""
    for part, kind in zip((page.group, page.times, *page.hits), _STORED, strict=True):
        yield part.astype(kind, copy=False).tobytes()


def unpacked(body: bytes, n_facts: int, n_hits: int) -> Page:
    """As `packed` has it."""
    left = memoryview(body)

    def part(length: int, kind: type[Number]) -> NDArray[Number]:
        nonlocal left
        size = length * np.dtype(kind).itemsize
        column, left = np.frombuffer(left[:size], dtype=kind), left[size:]
        return column

    group, times = part(n_facts, np.int32).astype(np.intp), part(2 * n_facts, np.int64).reshape(-1, 2)
    facts, probes = (part(n_hits, np.int32).astype(np.intp) for _ in range(2))
    return Page(group, times, Hits(facts, probes, part(n_hits, np.float64)))
