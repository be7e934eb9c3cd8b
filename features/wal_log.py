"""SQLite's write-ahead log as its file has it, and how much of it is sound.

A frame is one page. It is sound where it has the salts of the log's header and its checksum goes on from that of the
frame before (https://www.sqlite.org/fileformat2.html#walformat). Checksums are linear: of a pair of words, (a, b)
becomes (a + b + x, a + 2 b + x + y) modulo 2**32. So all frames are summed together, each from nothing, and one step a
frame adds what those before it left.

Only the log is read, never its index: SQLite's locks are on the index, and POSIX takes all locks of a process on a file
away when any part of the process closes it (https://www.sqlite.org/howtocorrupt.html).
"""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from struct import Struct
from typing import BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

Sums = tuple[int, int]
Words = NDArray[np.uint32]
_HEADER, _FRAME = Struct(">IIII8sII"), Struct(">II8sII")
_OF_HEADER, _OF_FRAME = 24, 8
"""Bytes of either that are summed."""
_BIG_ENDIAN = 1
"""The bit of the first word that says how the summed words are written."""
_AT_ONCE = 1_000
_WORD = 2**32


class Frame(NamedTuple):
    """One page of the log.

    Parameters: `commit`, not 0 where a transaction ends with it; `salts`; `stated`, its checksum; `own`, what its bytes
    come to from nothing.
    """

    commit: int
    salts: bytes
    stated: Sums
    own: Sums


class WalLog(NamedTuple):
    """A log. Parameters: `salts` and `stated` checksum of its header, `is_sound`, whether that is right; `frames`."""

    salts: bytes
    stated: Sums
    is_sound: bool
    n_words: int
    frames: tuple[Frame, ...]

    @property
    def n_sound(self) -> int:
        """Frames of the whole transactions with which the log begins."""
        found, sums = 0, self.stated
        for n, frame in enumerate(self.frames if self.is_sound else (), 1):
            sums = _after(sums, self.n_words, frame.own)
            if frame.salts != self.salts or frame.stated != sums:
                return found
            found = n if frame.commit else found
        return found


def read_log(path: Path) -> WalLog | None:
    """The log of this file; None where there is none, or not even a header."""
    try:
        with path.open("rb") as stream:
            header = stream.read(_HEADER.size)
            return _log(header, stream) if len(header) == _HEADER.size else None
    except FileNotFoundError:
        return None


def checksums(rows: NDArray[np.uint8], *, big_endian: bool) -> list[Sums]:
    """What the bytes of each row come to, from nothing. Parameters: `rows`, (n, n_bytes), whole pairs of words."""
    words: Words = np.ascontiguousarray(rows).view(">u4" if big_endian else "<u4").astype(np.uint32)
    first, second = words[:, 0::2], words[:, 1::2]
    ways = _ways(first.shape[1])
    sums = [first @ ways[side, 0] + second @ ways[side, 1] for side in (0, 1)]
    return list(zip(sums[0].tolist(), sums[1].tolist(), strict=True))


def _log(header: bytes, stream: BinaryIO) -> WalLog:
    magic, _, page_size, _, salts, *stated = _HEADER.unpack(header)
    big_endian, page_size = bool(magic & _BIG_ENDIAN), _usual(page_size)
    summed = np.frombuffer(header[:_OF_HEADER], dtype=np.uint8)[np.newaxis]
    sums = stated[0], stated[1]
    is_sound = checksums(summed, big_endian=big_endian)[0] == sums
    frames = tuple(_frames(stream, page_size, big_endian=big_endian))
    return WalLog(salts, sums, is_sound, (_OF_FRAME + page_size) // 4, frames)


def _usual(page_size: int) -> int:
    """The page size that the header states, or SQLite's usual one where the header itself is damaged."""
    return page_size if page_size in {2**power for power in range(9, 17)} else 4096


def _frames(stream: BinaryIO, page_size: int, *, big_endian: bool) -> Iterator[Frame]:
    width = _FRAME.size + page_size
    while raw := stream.read(_AT_ONCE * width):
        n = len(raw) // width
        rows = np.frombuffer(raw[: n * width], dtype=np.uint8).reshape(n, width)
        summed = np.concatenate((rows[:, :_OF_FRAME], rows[:, _FRAME.size :]), axis=1)
        for row, own in zip(rows, checksums(summed, big_endian=big_endian), strict=True):
            _, commit, salts, *stated = _FRAME.unpack(row[: _FRAME.size].tobytes())
            yield Frame(commit, salts, (stated[0], stated[1]), own)


def _after(sums: Sums, n_words: int, own: Sums) -> Sums:
    """Where checksums go from `sums` by so many words that come to `own` from nothing."""
    (a, b), (c, d) = _power(n_words // 2)
    return (a * sums[0] + b * sums[1] + own[0]) % _WORD, (c * sums[0] + d * sums[1] + own[1]) % _WORD


def _power(n: int) -> tuple[Sums, Sums]:
    """What n pairs of words make of the sums before them: a matrix to the n-th."""
    return _powers(n)[n]


@cache
def _powers(most: int) -> tuple[tuple[Sums, Sums], ...]:
    """From the 0-th on."""
    found = [((1, 0), (0, 1))]
    for _ in range(most):
        (a, b), (c, d) = found[-1]
        found.append((((a + c) % _WORD, (b + d) % _WORD), ((a + 2 * c) % _WORD, (b + 2 * d) % _WORD)))
    return tuple(found)


@cache
def _ways(n: int) -> Words:
    """What each of n pairs adds to either sum, (2, 2, n): by sum, then of the first and the second word."""
    powers = np.array(_powers(n - 1)[::-1], dtype=np.uint32)
    return np.stack((powers[:, :, 0] + powers[:, :, 1], powers[:, :, 1])).transpose(2, 0, 1).copy()
