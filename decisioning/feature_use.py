"""May we look at what is known of the customer for this? Features serve a purpose, and a no to it takes them away."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from decisioning.catalog import Catalog, Channel
from decisioning.consent import consented
from decisioning.customer import ConsentState, Customer, FeatureValue

STANDING = frozenset(("profiling", "service"))
"""The purposes of standard features: where the catalogue does not say they need consent, only a no forbids them."""


def may_use(state: ConsentState, *, purpose: str, channel: Channel, catalog: Catalog) -> bool:
    """Whether features of a purpose may be looked at for a decision on a channel.

    A no, for the channel or for all of them, always forbids; else what holds for contact holds here: the channel's
    rule, where the catalogue says that the purpose needs consent, and where it does not name the purpose.

    >>> said_no = ConsentState({("profiling", ""): False})
    >>> may_use(said_no, purpose="profiling", channel=Channel("web"), catalog=Catalog("v", "EUR", {}, {}, {}))
    False
    """
    if False in (state.answers.get((purpose, scope)) for scope in (channel.name, "")):
        return False
    if purpose in STANDING and purpose not in catalog.purposes:
        return True
    return consented(state, purpose=purpose, channel=channel, catalog=catalog)


def barred_features(
    state: ConsentState, purposes: Mapping[str, Sequence[str]], *, channel: Channel, catalog: Catalog
) -> list[str]:
    """The features that may not be looked at. Parameters: `purposes`, each with the names of its features."""
    return [
        name
        for purpose, names in purposes.items()
        if not may_use(state, purpose=purpose, channel=channel, catalog=catalog)
        for name in names
    ]


def as_allowed(customer: Customer, *, channel: Channel, catalog: Catalog) -> Customer:
    """The customer with nothing known where the purpose of a feature is not allowed: conditions read UNKNOWN there."""
    barred = barred_features(customer.consent, customer.purposes, channel=channel, catalog=catalog)
    if not barred:
        return customer
    nothing: Mapping[str, FeatureValue] = dict.fromkeys(barred)
    return replace(customer, features={**customer.features, **nothing})
