"""What still answers when a part does not: every rung obeys consent, limits and eligibility, and is named."""

import logging
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from decisioning.customer import Customer, CustomerReference
from decisioning.eligibility import UNREADABLE
from decisioning.errors import UnavailableError
from decisioning.ports import ProfileReader
from features.identity import unknown_customer_id

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FailingClosed:
    """A profile reader that answers even when the stores do not: with a customer to whom nothing may be offered.

    Consent, holds and contacts are read together with the profile; where they cannot be read only `no_action` is safe.
    Parameters: `profiles`, the reader.
    """

    profiles: ProfileReader

    def read(self, reference: CustomerReference, *, now: datetime) -> Customer:
        """Read the customer, or give one whose constraints are marked as unreadable."""
        try:
            return self.profiles.read(reference, now=now)
        except (UnavailableError, sqlite3.Error, OSError) as error:
            logger.error("profiles unreadable (%s): only no_action is answered", type(error).__name__)
            return Customer(unknown_customer_id(reference), as_of=now, features={}, degraded=(UNREADABLE,))
