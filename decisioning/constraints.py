"""What binds a decision besides conditions: consent, contacts and holds of one customer, as they were read for it."""

from dataclasses import dataclass, replace

from decisioning.customer import Answer, ConsentState, Contact, ContactHistory, Customer, StandingHold


@dataclass(frozen=True, slots=True)
class Constraints:
    """As a decision records them, so that the funnel can be passed again.

    Parameters: `consent`, (purpose, channel, answer), the channel "" for all of them; `contacts` and `answers`, as far
    back as any limit looked; `holds` that people had set; `used`, (pool, units) of what all customers had drawn.
    """

    consent: tuple[tuple[str, str, bool], ...] = ()
    contacts: tuple[Contact, ...] = ()
    answers: tuple[Answer, ...] = ()
    holds: tuple[StandingHold, ...] = ()
    used: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, customer: Customer) -> "Constraints":
        """Those of a customer.

        >>> from datetime import UTC, datetime
        >>> Constraints.of(Customer("c_1", as_of=datetime(2026, 6, 1, tzinfo=UTC), features={})).consent
        ()
        """
        consent = tuple([(*scope, answer) for scope, answer in customer.consent.answers.items()])
        history = customer.history
        used = tuple(customer.used.items())
        return cls(consent, tuple(history.contacts), tuple(history.answers), tuple(customer.holds), used)

    def bound(self, customer: Customer, *, version: int) -> Customer:
        """The customer with these constraints. Parameters: `version`, of the contacts."""
        consent = ConsentState({(purpose, channel): answer for purpose, channel, answer in self.consent})
        history = ContactHistory(self.contacts, self.answers, version)
        return replace(customer, consent=consent, history=history, holds=self.holds, used=dict(self.used))
