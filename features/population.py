"""A whole population as known now, some thousand customers at a time: what decisions for everybody are made from."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from decisioning.condition_array import Column, Words
from decisioning.outbound.crowd import Crowd
from features.consent import ConsentBook
from features.contacts import ContactBook
from features.hold import HoldReader
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.pool_table import PoolReader
from features.primitives import Array


@dataclass(frozen=True, slots=True)
class Population:
    """The customers of a ledger; agrees with `features.profile_reader.StoredProfiles`, customer by customer.

    The online store is taken to have seen every record: whoever asks catches up first. Parameters: `memory`, how far
    back limits look; `pools`, what all customers draw from.
    """

    ledger: Ledger
    online: OnlineFeatures
    memory: timedelta
    pools: PoolReader

    def ids(self, after: str, most: int) -> list[str]:
        """The next customers by id. Raises: `UnavailableError` where the ledger cannot be read."""
        with self.ledger.read() as connection:
            return [row[0] for row in connection.execute(_IDS, (after, most)).fetchall()]

    def known(self, ids: Sequence[str]) -> list[str]:
        """Those of the ids, neighbours in order, that are a customer's still.

        Raises: `UnavailableError` where the ledger cannot be read.
        """
        if not ids:
            return []
        wanted = set(ids)
        with self.ledger.read() as connection:
            return [row[0] for row in connection.execute(_KNOWN, (ids[0], ids[-1])) if row[0] in wanted]

    def crowd(self, ids: Sequence[str], now: datetime) -> Crowd:
        """These customers, ordered by id, as of now. Raises: `UnavailableError` where a store cannot be read."""
        with self.ledger.read() as connection:
            places = {each: place for place, each in enumerate(ids)}
            told = {name: _told(connection, name, ids) & places.keys() for name in _TABLES}
            bounds = now - self.memory, now
            contacted = told["contact"] | told["answer"]
            holders, contacts = HoldReader(self.ledger), ContactBook(self.ledger)
            return Crowd(
                ids=ids,
                as_of=now,
                columns=self._columns(self.online.many(ids, now, in_groups=told["membership"])),
                consents={places[c]: s for c, s in ConsentBook(self.ledger).states(sorted(told["consent"])).items()},
                histories={places[each]: contacts.history(each, *bounds) for each in sorted(contacted)},
                holds={places[each]: holders.standing(each, now) for each in sorted(told["hold"])},
                purposes=self.online.features.purposes,
                used=self.pools.used(now),
            )

    def _columns(self, values: Array) -> dict[str, Column]:
        features = self.online.features.features
        return {
            each.name: Words(values[:, nth], each.one_of) if each.kind == "category" else values[:, nth]
            for nth, each in enumerate(features)
        }


def _told(connection: sqlite3.Connection, table: str, ids: Sequence[str]) -> set[str]:
    """Those of the customers, neighbours by id, and of who came between them since, of whom a table has rows."""
    if not ids:
        return set()
    return {row[0] for row in connection.execute(_OWNERS.format(table), (ids[0], ids[-1]))}


_TABLES = ("consent", "contact", "answer", "hold", "membership")
_IDS = "SELECT DISTINCT customer_id FROM identifier WHERE customer_id > ? ORDER BY customer_id LIMIT ?"
_KNOWN = "SELECT DISTINCT customer_id FROM identifier WHERE customer_id BETWEEN ? AND ? ORDER BY customer_id"
_OWNERS = """
    SELECT DISTINCT i.customer_id FROM identifier i
    WHERE i.customer_id BETWEEN ? AND ? AND EXISTS (SELECT 1 FROM {} t WHERE t.node = i.node)
"""
