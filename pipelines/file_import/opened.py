"""A file that is read from its beginning, packed or not, and how far it is read."""

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from decisioning.errors import InvalidInputError

PACKED = ".gz"
MARK = b"\xef\xbb\xbf"
"""What some programs write before UTF-8."""


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
    """The file's content, unpacked and without a byte order mark, and the file itself.

    Raises: `InvalidInputError` where it is damaged.
    """
    with Counted(path) as counted:
        try:
            if path.suffix == PACKED:
                with gzip.open(counted, "rb") as unpacked:
                    yield _behind_mark(unpacked), counted
            else:
                yield _behind_mark(counted), counted
        except (EOFError, gzip.BadGzipFile) as error:
            raise InvalidInputError(f"{path.name} is damaged: {error}", code="damaged_file", field="file") from error


def _behind_mark(stream: gzip.GzipFile | Counted) -> IO[bytes]:
    if stream.peek(len(MARK)).startswith(MARK):
        stream.read(len(MARK))
    return cast("IO[bytes]", stream)


def plain_name(path: Path) -> str:
    """The file's name without the ending of its packing.

    >>> plain_name(Path("in/sales.csv.gz"))
    'sales.csv'
    """
    return path.name.removesuffix(PACKED)
