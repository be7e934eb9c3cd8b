"""State as the online store keeps it: float64, little-endian, in the order of the view's columns, NaN where empty.

Reading is one copy of bytes: names are the business of the definition that the file was built with.
"""

from collections.abc import Sequence
from functools import cache
from struct import Struct

import numpy as np

from decisioning.errors import UnavailableError
from features.primitives import Array

WIDTH = 8
_KIND = np.dtype("<f8")


def pack(states: Array) -> list[bytes]:
    """The rows of states of shape (n, n_state).

    >>> [len(row) for row in pack(np.zeros((3, 2)))]
    [16, 16, 16]
    """
    return [row.tobytes() for row in states.astype(_KIND, copy=False)]


def pack_one(state: Sequence[float]) -> bytes:
    """The row of one state.

    >>> pack_one([0.0, 1.0]) == pack(np.array([[0.0, 1.0]]))[0]
    True
    """
    return _layout(len(state)).pack(*state)


def unpack_one(row: bytes, n_state: int) -> list[float]:
    """The state of one row. Raises: as `unpack`."""
    if len(row) != n_state * WIDTH:
        raise _made_by_another(n_state)
    return list(_layout(n_state).unpack(row))


def unpack(rows: Sequence[bytes], n_state: int) -> Array:
    """States of shape (n, n_state) from their rows.

    Raises: `UnavailableError` where a row has another number of columns: another definition wrote it.

    >>> unpack(pack(np.array([[1.0, np.nan]])), 2)
    array([[ 1., nan]])
    """
    if any(len(row) != n_state * WIDTH for row in rows):
        raise _made_by_another(n_state)
    return np.frombuffer(b"".join(rows), dtype=_KIND).reshape(len(rows), n_state)


def _made_by_another(n_state: int) -> UnavailableError:
    return UnavailableError(f"a stored state does not have {n_state} columns; another definition wrote it")


@cache
def _layout(n_state: int) -> Struct:
    return Struct(f"<{n_state}d")
