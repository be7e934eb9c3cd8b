"""Reads everything that is known of a customer, for a decision: who it is, features, consent, contacts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from decisioning.customer import Customer, CustomerReference, FeatureValue
from decisioning.errors import UnavailableError
from features.consent import ConsentBook
from features.contacts import ContactBook
from features.identity import IdentityGraph, unknown_customer_id
from features.instant import to_us
from features.online import OnlineFeatures
from features.projection import FeatureProjection
from features.replay import replay

ONLINE_STORE = "online_store"
"""The name in `Customer.degraded` that says the features were computed from the ledger, without the online store."""


@dataclass(frozen=True, slots=True)
class StoredProfiles:
    """Customers as the stores of one home know them; implements `decisioning.ports.ProfileReader`.

    Consent and contacts come from the ledger. So do features where the online store fails: a hold is a condition on
    features, so they are never guessed. Where the ledger itself cannot be read, `UnavailableError` is raised, and only
    `no_action` is safe.

    Parameters: `projection`, caught up before each read; `memory`, how far back limits look.
    """

    identity: IdentityGraph
    online: OnlineFeatures
    consent: ConsentBook
    contacts: ContactBook
    projection: FeatureProjection
    memory: timedelta

    def read(self, reference: CustomerReference, *, now: datetime) -> Customer:
        """The customer as of now, the ledger in one snapshot; an unknown reference gives one with `known=False`.

        Raises: `UnavailableError` where the ledger cannot be read.
        """
        with self.projection.ledger.read():
            return self._read(reference, now)

    def _read(self, reference: CustomerReference, now: datetime) -> Customer:
        is_current = self._catch_up()
        customer_id = self.identity.resolve(reference)
        if customer_id is None:
            nobody = unknown_customer_id(reference)
            return Customer(nobody, known=False, as_of=now, features=self.online.features.defaults())
        features = self._online(customer_id, now) if is_current else None
        return Customer(
            customer_id,
            known=True,
            as_of=now,
            features=self._from_ledger(customer_id, now) if features is None else features,
            consent=self.consent.state(customer_id),
            history=self.contacts.history(customer_id, now - self.memory, now),
            degraded=() if features is not None else (ONLINE_STORE,),
        )

    def _catch_up(self) -> bool:
        """Whether the online store has seen every record of the ledger."""
        try:
            self.projection.catch_up()
        except UnavailableError:
            return False
        return True

    def _online(self, customer_id: str, now: datetime) -> Mapping[str, FeatureValue] | None:
        """The features as stored; None where the store cannot be read."""
        try:
            stored = self.online.read(customer_id, now)
        except UnavailableError:
            return None
        return self.online.features.defaults() if stored is None else stored

    def _from_ledger(self, customer_id: str, now: datetime) -> Mapping[str, FeatureValue]:
        state = replay(self.projection.ledger.facts_of(customer_id), self.online.features)
        return self.online.features.values(state, now_us=to_us(now))
