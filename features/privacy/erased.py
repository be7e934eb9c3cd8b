"""Who was erased, for the projections that keep customers by id in files of their own."""

from collections.abc import Callable, Collection, Sequence

from features.ledger import Ledger
from features.privacy.tombstone import CUSTOMER, tombstones_of


def erased_of(ledger: Ledger, customers: Callable[[], Sequence[str]], erasures: Collection[str]) -> frozenset[str]:
    """Those of the customers whom one of these erasures erased; they are asked for only where there is an erasure."""
    if not erasures:
        return frozenset()
    with ledger.read() as connection:
        tombstones = tombstones_of(connection)
        found = tombstones.found(CUSTOMER, customers()) if tombstones else {}
    return frozenset(customer for customer, buried in found.items() if buried.erasure_id in erasures)


def erased_until(ledger: Ledger, customers: Sequence[str]) -> dict[str, int]:
    """Those of the customers who were ever erased, each with when, in microseconds since the epoch, UTC."""
    with ledger.read() as connection:
        tombstones = tombstones_of(connection)
        found = tombstones.found(CUSTOMER, customers) if tombstones else {}
    return {customer: buried.erased_us for customer, buried in found.items()}
