"""Lines of JSON that another process reads ahead: what it finds, and what it is told of those that were kept.

Whoever loads has the last word: it writes the ledger, and reads by itself whatever is not a plain event.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from features.identifier import Identifier
from features.owners import Numbers, Owners, Times


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


def identifiers_named(named: tuple[str, str]) -> tuple[Identifier, ...]:
    """The identifiers of an event that is no identify, strongest first.

    >>> identifiers_named(("", "a-1"))
    (('anonymous_id', 'a-1'),)
    """
    user, anonymous = named
    if user:
        return (("user_id", user), ("anonymous_id", anonymous)) if anonymous else (("user_id", user),)
    return (("anonymous_id", anonymous),)


class NamedOwners:
    """The identifiers that numbers stand for, as they are told batch by batch."""

    def __init__(self) -> None:
        self._named: defaultdict[int, list[tuple[Identifier, ...]]] = defaultdict(list)

    def of(self, found: FoundLines) -> tuple[Owners, list[tuple[Identifier, ...]]]:
        """The owner of each line, and the identifiers of each; of what is no plain event, whatever."""
        if found.anew:
            self._named[found.by] = []
        told = self._named[found.by]
        told += map(identifiers_named, found.named)
        named = told or [()]
        return Owners(found.owners, told), [named[owner] for owner in found.owners.tolist()]
