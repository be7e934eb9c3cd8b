"""A file that is read from its beginning, packed or not, and how far it is read."""

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from decisioning.errors import InvalidInputError

PACKED = ".gz"


class Counted(io.BufferedReader):
    """A file on disk. `share` is how much of it was read, from 0 to 1."""

    def __init__(self, path: Path) -> None:
        self._raw_file = path.open("rb", buffering=0)
        super().__init__(self._raw_file)
        self._size = max(path.stat().st_size, 1)

    @property
    def share(self) -> float:
        """How much of the file was read."""
        return self._raw_file.tell() / self._size


@contextmanager
def opened(path: Path) -> Iterator[tuple[IO[bytes], Counted]]:
    """The file's content, unpacked, and the file itself. Raises `InvalidInputError` of a damaged one."""
    with Counted(path) as counted:
        try:
            if path.suffix == PACKED:
                with gzip.open(counted, "rb") as unpacked:
                    yield cast("IO[bytes]", unpacked), counted
            else:
                yield counted, counted
        except (EOFError, gzip.BadGzipFile) as error:
            raise InvalidInputError(f"{path.name} is damaged: {error}", code="damaged_file", field="file") from error


def plain_name(path: Path) -> str:
    """The file's name without the ending of its packing.

    >>> plain_name(Path("in/sales.csv.gz"))
    'sales.csv'
    """
    return path.name.removesuffix(PACKED)
