"""What customers said before they became one, each as who they were then.

A link names its former customers, each by the one identifier that is their home. What was said by it was theirs until
the link; what the other identifiers of today's customer said counts for that customer.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import orjson

from features.ledger import Ledger
from features.record import Record, link_of


@dataclass(frozen=True, slots=True)
class _First:
    """The first link of a customer in a range, and the former customers of all of them by home, (kind, value)."""

    seq: int
    known_us: int
    homes: Mapping[tuple[str, str], str]


def before_links(ledger: Ledger, start: int, links: Iterable[Record]) -> Iterator[Record]:
    """The records after `start` of customers who became one in a range, known before their first link there.

    Their `customer_id` is whoever they were of.
    """
    for customer_id, first in _firsts(links).items():
        for home, record in ledger.named_records_of(customer_id, after_seq=start, until_seq=first.seq):
            if record.known_us < first.known_us:
                yield record._replace(customer_id=first.homes.get(home, customer_id))


def _firsts(links: Iterable[Record]) -> dict[str, _First]:
    found: dict[str, _First] = {}
    for link in links:
        customer_id = link_of(link).customer_id
        homes = {(kind, value): former for former, kind, value in orjson.loads(link.body)["former"]}
        known = found.get(customer_id)
        if known is None:
            found[customer_id] = _First(link.seq, link.known_us, homes)
        else:
            found[customer_id] = _First(known.seq, known.known_us, {**homes, **known.homes})
    return found
