"""Everything by which some identifiers can be found in a ledger: read before they are erased, forgotten after."""

import sqlite3
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from features.identifier import Identifier
from features.privacy.mention import Names
from features.privacy.tombstone import CUSTOMER, REQUEST
from features.record import DECISION, LINK


@dataclass(frozen=True, slots=True)
class Traces:
    """What names a customer in a ledger.

    Parameters: `nodes`, the identifiers' numbers; `customer_ids`, those that name nobody else; `records`, (kind, id) of
    every record; `requests`, ids of the decision requests.
    """

    nodes: frozenset[int]
    identifiers: tuple[Identifier, ...]
    customer_ids: frozenset[str]
    records: tuple[tuple[str, str], ...]
    requests: tuple[str, ...]

    @property
    def decisions(self) -> frozenset[str]:
        """The ids of their decisions."""
        return frozenset(record_id for kind, record_id in self.records if kind == DECISION)

    def tokens_of(self) -> Iterator[tuple[str, str]]:
        """Every name that gets a tombstone, as (kind, value)."""
        yield from self.identifiers
        yield from ((CUSTOMER, customer_id) for customer_id in self.customer_ids)
        yield from (record for record in self.records if record[0] != LINK)
        yield from ((REQUEST, request_id) for request_id in self.requests)

    def names(self, also: Iterable[Identifier] = ()) -> Names:
        """Every name, and some more, as raw bodies may have them."""
        ids = (*self.customer_ids, *(record_id for _, record_id in self.records), *self.requests)
        return Names.of((*self.identifiers, *also), ids)


def traces_of(connection: sqlite3.Connection, nodes: Collection[int]) -> Traces:
    """Read what names the customers of some identifiers, within one transaction."""
    given = sorted(nodes)
    records = [(kind, record_id) for kind, record_id, _ in _each(connection, _RECORDS, given)]
    links = [body for kind, _, body in _each(connection, _RECORDS, given) if kind == LINK]
    decisions = [record_id for kind, record_id in records if kind == DECISION]
    identifiers = [(kind, value) for kind, value, _ in _each(connection, _IDENTIFIERS, given)]
    return Traces(
        nodes=frozenset(given),
        identifiers=tuple(identifiers),
        customer_ids=_customer_ids(connection, given, links),
        records=tuple(records),
        requests=tuple(request_id for (request_id,) in _each(connection, _REQUESTS, decisions)),
    )


def _customer_ids(connection: sqlite3.Connection, nodes: list[int], links: Iterable[bytes]) -> frozenset[str]:
    """Every id they ever had, but those that name somebody else now."""
    found = {row[2] for row in _each(connection, _IDENTIFIERS, nodes)} - {None}
    found |= {customer_id for (customer_id,) in _each(connection, _ALIASES, nodes)}
    for body in links:
        change = orjson.loads(body)
        found |= {change["customer_id"], *(former[0] for former in change["former"])}
    theirs = set(nodes)
    others = {customer_id for customer_id, node in _each(connection, _HOLDERS, sorted(found)) if node not in theirs}
    return frozenset(found - others)


def _each(
    connection: sqlite3.Connection, query: str, names: Iterable[int] | Iterable[str]
) -> Iterator[tuple[Any, ...]]:
    for name in names:
        yield from connection.execute(query, (name,)).fetchall()


_IDENTIFIERS = "SELECT kind, value, customer_id FROM identifier WHERE node = ?"
_RECORDS = "SELECT kind, record_id, CASE kind WHEN 'link' THEN body END FROM record WHERE node = ?"
_ALIASES = "SELECT customer_id FROM alias WHERE node = ?"
_HOLDERS = "SELECT customer_id, node FROM identifier WHERE customer_id = ?"
_REQUESTS = "SELECT request_id FROM request WHERE decision_id = ?"
