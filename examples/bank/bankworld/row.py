"""Events as columns: a year of them fits into a few arrays, and becomes dictionaries only at the edge."""

from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from bankworld.people import Flags, Ints

NOBODY, DEVICE_ONLY = -1, -1


class Kind(IntEnum):
    """What a row is; its two numbers `a` and `b` mean what `wording` says for each kind."""

    IMPORTED_PROFILE = 0
    IMPORTED_HOLDING = 1
    ACCOUNT_OPENED = 2
    PROFILE = 3
    LOGIN = 4
    ALIAS = 5
    SECOND_ID = 6
    PAGE = 7
    SCREEN = 8
    PRODUCT_VIEWED = 9
    PRODUCT_ADDED = 10
    PRODUCTS_SEARCHED = 11
    BOUGHT = 12
    TICKET_OPENED = 13
    TICKET_SOLVED = 14
    SURVEY = 15
    SALES_STARTED = 16
    SALES_ENDED = 17
    CONSENT = 18
    CONTRACT_EXPIRING = 19
    CONTRACT_RENEWED = 20
    ACCOUNT_CLOSED = 21


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of events; every array is (n_rows,).

    Parameters: `day` in the year; `person`; `kind`; `user`, which user id is on it (0, 1, or -1 for none); `device`,
    which device (-1 for none: it comes from the bank's own systems); `a` and `b`, what the kind needs.
    """

    day: NDArray[np.float64]
    person: Ints
    kind: Ints
    user: Ints
    device: Ints
    a: Ints
    b: Ints

    def __len__(self) -> int:
        return len(self.day)

    def where(self, chosen: NDArray[np.bool_] | Ints) -> "Rows":
        """The chosen rows, in the order of the choice."""
        return Rows(*(getattr(self, field.name)[chosen] for field in fields(self)))


def rows(
    kind: Kind | Ints,
    day: NDArray[np.float64],
    person: Ints,
    *,
    user: Ints | int = 0,
    device: Ints | int = -1,
    a: Ints | Flags | int = 0,
    b: Ints | Flags | int = 0,
) -> Rows:
    """Rows of one kind (or of a kind each); single numbers hold for all."""
    whole = [np.broadcast_to(np.asarray(column, dtype=np.int64), day.shape) for column in (kind, user, device, a, b)]
    return Rows(np.asarray(day, dtype=np.float64), person.astype(np.int64), *whole)


def together(parts: list[Rows]) -> Rows:
    """All rows in the order of time; those of one instant stay in the order given."""
    joined = Rows(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Rows)))
    return joined.where(np.argsort(joined.day, kind="stable"))
