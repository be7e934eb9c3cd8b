"""What records said of identities before they became too old to keep: ties and firsts, nothing else.

Customers and their ids are functions of the records. Where retention deletes some, one record of kind `kept` for each
identifier says in their place what a rebuild needs: which identifiers they tied, which was the first, and how often its
contacts changed. It goes with the customer.
"""

import sqlite3
from typing import NamedTuple

import orjson

from features.identifier import Identifier
from features.identity_cluster import First
from features.identity_memory import IdentityMemory
from features.ledger import insert_record
from features.record import KEPT


class Kept(NamedTuple):
    """What is kept of one identifier.

    Parameters: `first`, of the records it is home to, deleted ones included; `linked`, identifiers tied to it;
    `contacts`, how often deleted records changed its contacts; `last_us`, when the last deleted event occurred.
    """

    home: Identifier
    first: First | None
    linked: tuple[Identifier, ...]
    contacts: int = 0
    last_us: int = 0


def kept_of(body: bytes) -> Kept:
    """What a record of kind `kept` says."""
    said = orjson.loads(body)
    first = None if said["first"] is None else (said["first"][0], said["first"][1])
    linked = tuple((kind, value) for kind, value in said["linked"])
    return Kept((said["home"][0], said["home"][1]), first, linked, said["contacts"], said["last_us"])


def keep_identity(connection: sqlite3.Connection, node: int, *, contacts: int, last_us: int, now_us: int) -> None:
    """Write down what is known of an identifier, in place of what was written before; within a write transaction."""
    kind, value, first_us, first_id = connection.execute(_NODE, (node,)).fetchone()
    before = connection.execute(_BEFORE, (KEPT, node)).fetchone()
    earlier = kept_of(before[1]) if before else Kept((kind, value), None, ())
    if before:
        connection.execute("DELETE FROM record WHERE seq = ?", (before[0],))
    kept = Kept(
        home=(kind, value),
        first=None if first_us is None else (first_us, first_id),
        linked=tuple(connection.execute(_LINKED, (node,)).fetchall()),
        contacts=earlier.contacts + contacts,
        last_us=max(earlier.last_us, last_us),
    )
    times = (now_us, now_us, now_us)
    insert_record(connection, (KEPT, f"{kind}:{value}", node, *times, "retention", orjson.dumps(kept._asdict())))


def take_kept(memory: IdentityMemory, body: bytes, known_us: int) -> int:
    """Take in what a record of kind `kept` says; the node of its identifier."""
    kept = kept_of(body)
    first = kept.first or (known_us, "")
    for other in kept.linked:
        memory.mention((kept.home, other), first, known_us)
    return memory.mention((kept.home,), first, known_us)


_NODE = "SELECT kind, value, first_us, first_id FROM identifier WHERE node = ?"
_BEFORE = "SELECT seq, body FROM record WHERE kind = ? AND node = ?"
_LINKED = "SELECT o.kind, o.value FROM link JOIN identifier o ON o.node = link.other WHERE link.node = ? ORDER BY 1, 2"
