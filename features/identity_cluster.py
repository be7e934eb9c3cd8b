"""Identifiers and the customers they make: the parts that `features.identity_memory` works on."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from features.identifier import Identifier

First = tuple[int, str]
"""(occurred_us, record id) of the earliest record that belongs to an identifier."""
ID_BEGINS = "c_"
"""How every customer id begins."""


class Former(NamedTuple):
    """A customer id that was, and an identifier by which to find where it went."""

    customer_id: str
    kind: str
    value: str


class Change(NamedTuple):
    """Customers became one, or came apart: `customer_id` now holds identifiers of the former ones."""

    customer_id: str
    node: int
    home: Identifier
    known_us: int
    former: tuple[Former, ...]


WORDS, GUARDED, FACTS, CROWDED = 1, 2, 4, 8
"""Marks of an identifier: somebody said something of it; something stands against one customer of all that it is tied
to; a record states a hard fact of it; it is connected to more than one customer may have."""


@dataclass(slots=True, eq=False)
class Node:
    """One identifier.

    Parameters: `stored`, its customer as in the database; `first`, of the records it is home to; `marks`, see above.
    """

    node: int
    kind: str
    value: str
    stored: str | None = None
    first: First | None = None
    dissolved: bool = False
    marks: int = 0
    is_new: bool = True
    cluster: "Cluster | None" = None


class Refusal(NamedTuple):
    """Two identifiers that are not one customer, though a record, or a word (`is_said`), says so; and why not."""

    one: Node
    other: Node
    reason: str
    is_said: bool


@dataclass(slots=True, eq=False)
class Cluster:
    """One customer: identifiers that belong together.

    Parameters: `known_us`, when its last change became known; `marks`, every mark that a member has.
    """

    members: list[Node]
    known_us: int = 0
    came_apart: bool = False
    marks: int = field(init=False)

    def __post_init__(self) -> None:
        self.marks = 0
        for member in self.members:
            self.marks |= member.marks

    @property
    def customer_id(self) -> str | None:
        """The id of the earliest record; None where no record belongs to any member."""
        first = min((member.first for member in self.members if member.first), default=None)
        return customer_id_of(first[1]) if first else None


def customer_id_of(record_id: str) -> str:
    """The id of the customer whose earliest record this is.

    >>> customer_id_of("m-1")
    'c_d27ad701a6859b35'
    """
    return ID_BEGINS + blake2b(record_id.encode(), digest_size=8).hexdigest()


def former_of(members: Iterable[Node], customer_id: str | None) -> tuple[Former, ...]:
    """The customers that members belonged to until now, each with its earliest member here."""
    earliest: dict[str, Node] = {}
    for member in sorted(members, key=lambda node: (node.first is None, node.first or (), node.node)):
        if member.stored is not None and member.stored != customer_id:
            earliest.setdefault(member.stored, member)
    return tuple(Former(old, node.kind, node.value) for old, node in sorted(earliest.items()))
