"""The lines of a file, in bounded memory: what has no end in sight is refused, and reading goes on in the next line."""

from collections.abc import Iterator
from typing import IO

from features.event_lines import Refused
from features.rejection import RejectedEventError

MOST = 1 << 20
"""Bytes of a line; a whole file on one line, such as one great list, is no lines of JSON."""


def lines_of(stream: IO[bytes]) -> Iterator[bytes | Refused]:
    r"""The lines, each with its end; of what is longer than `MOST` its beginning, refused.

    >>> from io import BytesIO
    >>> [type(line).__name__ for line in lines_of(BytesIO(b"1\n" + b"2" * 3 * MOST + b"\n3"))]
    ['bytes', 'Refused', 'bytes']
    """
    while line := stream.readline(MOST):
        if len(line) < MOST or line.endswith(b"\n"):
            yield line
        else:
            _pass_over(stream)
            yield Refused(RejectedEventError("too_large", "", f"the line has more than {MOST} bytes"), line)


def _pass_over(stream: IO[bytes]) -> None:
    """Read to the end of the line."""
    while (rest := stream.readline(MOST)) and not rest.endswith(b"\n"):
        pass
