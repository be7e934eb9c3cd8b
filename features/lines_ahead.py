"""Lines of JSON that another process reads ahead: what it finds, and what it is told of those that were kept.

Whoever loads has the last word: it writes the ledger, and reads by itself whatever is not a plain event.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol, overload

import numpy as np

from features.identifier import Identifier
from features.owners import Numbers, Owners, Times

Named = tuple[Identifier, ...]
"""The identifiers of one event, strongest first."""
_NOTHING: Mapping[int, Named] = {}


class FoundLines(NamedTuple):
    """What was found in a batch of lines, by place in it.

    Parameters: `message_ids`, None of what is no plain event; `owners`, whose each is, by number; `named`, the
    (user id, anonymous id) of the numbers that are new; `anew`, those numbered before are forgotten; `by`, who read
    them: each reader has numbers of its own.
    """

    message_ids: list[str | None]
    owners: Numbers
    occurred_us: Times
    named: list[tuple[str, str]]
    anew: bool
    by: int = 0

    @classmethod
    def none(cls, n: int, *, anew: bool) -> "FoundLines":
        """Of n lines, before anything was found."""
        return cls([None] * n, np.full(n, -1, dtype=np.int32), np.zeros(n, dtype=np.int64), [], anew)


class KeptLines(NamedTuple):
    """Which lines of a batch became records.

    Parameters: `first`, `last`, the sequence numbers of their records, all of this batch; `nodes`, by place in the
    batch, of whom each is (-1: not kept); `occurred_us`, by place, of those that were not plain.
    """

    first: int
    last: int
    nodes: Times
    occurred_us: dict[int, int]


class Ahead(Protocol):
    """Reads batches of lines elsewhere, one after the other."""

    def send(self, lines: Sequence[bytes]) -> bool:
        """Hand lines over; whether they were taken."""
        ...

    def receive(self) -> FoundLines | None:
        """What was found in the oldest lines that were sent; None where nobody answers."""
        ...

    def keep(self, kept: KeptLines) -> None:
        """Tell what became of the oldest lines that were received."""
        ...

    def end(self) -> None:
        """Tell that there are no more."""
        ...


class Nobody:
    """Takes nothing."""

    def send(self, lines: Sequence[bytes]) -> bool:  # noqa: ARG002 (the port's)
        """Takes none."""
        return False

    def receive(self) -> FoundLines | None:
        """Found nothing."""
        return None

    def keep(self, kept: KeptLines) -> None:
        """Has sent nothing."""

    def end(self) -> None:
        """Has nothing to tell."""


NOBODY = Nobody()


def identifiers_named(named: tuple[str, str]) -> Named:
    """The identifiers of an event that is no identify, strongest first.

    >>> identifiers_named(("", "a-1"))
    (('anonymous_id', 'a-1'),)
    """
    user, anonymous = named
    if user:
        return (("user_id", user), ("anonymous_id", anonymous)) if anonymous else (("user_id", user),)
    return (("anonymous_id", anonymous),)


class NamedLines(Sequence[Named]):
    """The identifiers of each line, looked up where somebody asks for them: of nearly every line nobody does.

    Parameters: `told`, the identifiers of each number; `numbers`, whose each line is; `besides`, those of lines that
    have no number, by place.
    """

    def __init__(self, told: Sequence[Named], numbers: Numbers, besides: Mapping[int, Named] = _NOTHING) -> None:
        self._told = told
        self._numbers = numbers
        self._besides = besides

    def __len__(self) -> int:
        return len(self._numbers)

    @overload
    def __getitem__(self, place: int) -> Named: ...
    @overload
    def __getitem__(self, place: slice) -> list[Named]: ...
    def __getitem__(self, place: int | slice) -> Named | list[Named]:
        """Those of one line, or of some; () of one that nobody named."""
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        number = self._numbers[place]
        return self._told[number] if number >= 0 else self._besides.get(place, ())

    def with_others(self, besides: Mapping[int, Named]) -> "NamedLines":
        """The same, and those of lines that have no number, by place."""
        return NamedLines(self._told, self._numbers, besides)


class NamedOwners:
    """The identifiers that numbers stand for, as they are told batch by batch."""

    def __init__(self) -> None:
        self._named: defaultdict[int, list[Named]] = defaultdict(list)

    def of(self, found: FoundLines) -> tuple[Owners, NamedLines]:
        """The owner of each line, and the identifiers of each."""
        if found.anew:
            self._named[found.by] = []
        told = self._named[found.by]
        told += map(identifiers_named, found.named)
        return Owners(found.owners, told), NamedLines(told, found.owners)
