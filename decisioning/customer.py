"""Who a decision is for: the reference a caller gives, and what is known of the customer at that moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

FeatureValue = float | str | None
"""One documented feature: a number, a word, or not known."""


@dataclass(frozen=True, slots=True)
class CustomerReference:
    """How a caller names a customer: one kind of identifier and its value.

    >>> CustomerReference("user_id", "u-1").kind
    'user_id'
    """

    kind: Literal["customer_id", "user_id", "anonymous_id", "email", "phone", "loyalty_id"]
    value: str


@dataclass(frozen=True, slots=True)
class ConsentState:
    """What the customer allowed: answers by (purpose, channel), the newest of each; channel "" covers them all."""

    answers: Mapping[tuple[str, str], bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StandingHold:
    """A hold that somebody set on this customer. Parameters: `issues` held, () for every one; `until`, when it ends."""

    name: str
    issues: tuple[str, ...] = ()
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """One contact that counts: made, or reserved until `expires_at`."""

    action: str
    group: str
    channel: str
    at: datetime
    expires_at: datetime | None = None

    def counts(self, now: datetime) -> bool:
        """Whether the contact still counts: confirmed ones always, a reservation until it expires."""
        return self.expires_at is None or now < self.expires_at


@dataclass(frozen=True, slots=True)
class Answer:
    """One outcome that rests look at: which action, which outcome type, when."""

    action: str
    group: str
    type: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ContactHistory:
    """Contacts and answers of one customer, and the version to check when a decision is recorded.

    Parameters: `version` grows with every contact row of the customer; recording a decision made from an older version
    raises `StaleContactsError`.
    """

    contacts: Sequence[Contact] = ()
    answers: Sequence[Answer] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class Customer:
    """What is known of one customer as of one moment: the input of a decision.

    Parameters: `features` are the documented features as of `as_of`; `degraded` names what could not be read;
    `purposes`, what features may be used for, with their names: where the customer does not allow a purpose, no
    decision looks at them; `used`, what was drawn from the pools of the catalogue in their current periods, by all
    customers together.
    """

    customer_id: str
    as_of: datetime
    features: Mapping[str, FeatureValue]
    consent: ConsentState = ConsentState()
    history: ContactHistory = ContactHistory()
    holds: Sequence[StandingHold] = ()
    degraded: tuple[str, ...] = ()
    purposes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    used: Mapping[str, int] = field(default_factory=dict)
