"""Reads everything that is known of a customer, for a decision: who it is, features, consent, contacts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from decisioning.customer import Customer, CustomerReference
from decisioning.errors import UnavailableError
from features.consent import ConsentBook
from features.contacts import ContactBook
from features.group.company import others_in
from features.hold import HoldReader
from features.identity import IdentityGraph, unknown_customer_id
from features.instant import to_us
from features.ledger import Ledger
from features.online import Known, OnlineFeatures
from features.pool_table import PoolReader
from features.record import Record, facts_of
from features.replay import replayed_rows

ONLINE_STORE = "online_store"
"""The name in `Customer.degraded` that says the features were computed from the ledger, without the online store."""

LONG_HISTORY = "long_history"
"""The name that says that the ledger has too much of the customer to be read meanwhile: no feature is known."""

MOST_READ = 1_000
"""Records of a customer and those in their groups from which features are computed in the online store's place.

They are read where everybody waits for them: so many take some 30 ms.
"""

STALE = "stale_"
"""What the names in `Customer.degraded` begin with that say which view was too old to be believed."""


class Followed(Protocol):
    """A ledger, and what brings the online store up to it."""

    @property
    def ledger(self) -> Ledger:
        """The ledger that is followed."""
        ...

    def catch_up(self) -> object:
        """Take in every record after the last one seen; `UnavailableError` where that cannot be, or not in time."""
        ...


@dataclass(frozen=True, slots=True)
class StoredProfiles:
    """Customers as the stores of one home know them; implements `decisioning.ports.ProfileReader`.

    Consent and contacts come from the ledger. So do features where the online store fails: a hold is a condition on
    features, so they are never guessed. Where there is too much of a customer to be read in time (`MOST_READ`) none is
    known, and no condition on any is met. Where the ledger itself cannot be read, `UnavailableError` is raised, and
    only `no_action` is safe.

    Parameters: `projection`, caught up before each read; `memory`, how far back limits look; `pools`, what all
    customers draw from (None: nothing).
    """

    identity: IdentityGraph
    online: OnlineFeatures
    consent: ConsentBook
    contacts: ContactBook
    projection: Followed
    memory: timedelta
    pools: PoolReader | None = None

    def read(self, reference: CustomerReference, *, now: datetime) -> Customer:
        """The customer as of now, the ledger in one snapshot; of an unknown reference nothing is known but its id.

        Raises: `UnavailableError` where the ledger cannot be read.
        """
        with self.projection.ledger.read():
            return self._read(reference, now)

    def _read(self, reference: CustomerReference, now: datetime) -> Customer:
        is_current = self._catch_up()
        customer_id = self.identity.resolve(reference)
        if customer_id is None:
            return Customer(
                unknown_customer_id(reference),
                as_of=now,
                features=self.online.features.defaults(),
                purposes=self.online.features.purposes,
                used=self._used(now),
            )
        stored = self._online(customer_id, now) if is_current else None
        known, known_from = (stored, ()) if stored else self._from_ledger(customer_id, now)
        return Customer(
            customer_id,
            as_of=now,
            features=known.features,
            consent=self.consent.state(customer_id),
            history=self.contacts.history(customer_id, now - self.memory, now),
            holds=HoldReader(self.projection.ledger).standing(customer_id, now),
            degraded=(*known_from, *[STALE + view for view in known.stale]),
            purposes=self.online.features.purposes,
            used=self._used(now),
        )

    def _used(self, now: datetime) -> dict[str, int]:
        return self.pools.used(now) if self.pools else {}

    def _catch_up(self) -> bool:
        """Whether the online store has seen every record of the ledger."""
        try:
            self.projection.catch_up()
        except UnavailableError:
            return False
        return True

    def _online(self, customer_id: str, now: datetime) -> Known | None:
        """The features as stored; None where the store cannot be read."""
        try:
            stored = self.online.known(customer_id, now)
        except UnavailableError:
            return None
        return stored or Known(self.online.features.defaults(), ())

    def _from_ledger(self, customer_id: str, now: datetime) -> tuple[Known, tuple[str, ...]]:
        """The features as the ledger has them, and what that lacks; none is known of whom it has too much."""
        circles, features = self.online.circles(customer_id), self.online.features
        told = self._told_of({customer_id, *(other for _, other in others_in([circles]))})
        if told is None:
            return Known(dict.fromkeys(features.names), ()), (ONLINE_STORE, LONG_HISTORY)
        rows = {each: replayed_rows(each, facts_of(records), features) for each, records in told.items()}
        return self.online.of_company(rows, customer_id, circles, now_us=to_us(now)), (ONLINE_STORE,)

    def _told_of(self, customer_ids: Iterable[str]) -> dict[str, list[Record]] | None:
        """What the ledger has of some customers; None where that is too much to be read now."""
        told: dict[str, list[Record]] = {}
        left = MOST_READ
        for each in customer_ids:
            told[each] = self.projection.ledger.told_of(each, most=left + 1)
            left -= len(told[each])
            if left < 0:
                return None
        return told
