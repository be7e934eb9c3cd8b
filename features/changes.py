"""What a range of the ledger asks of a projection: facts to add, and customers to compute anew."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from features.before_links import before_links
from features.ledger import Ledger
from features.record import ERASURE, LINK, Record, link_of

FEW = 5_000


@dataclass(frozen=True, slots=True)
class Changes:
    """What records (start, end] ask for.

    Parameters: `renewed`, customers whose states no longer hold (they became one, or came apart), and when that became
    known, in microseconds; `gone`, ids that may be nobody's any more; `within`, what the range says of everybody else;
    `past`, all that is recorded of each who is renewed; `erasures`, the ids of those in the range: whom they erased has
    no state; `before`, what the range says of those who became one before they did, as who they were then.
    """

    renewed: Mapping[str, int]
    gone: frozenset[str]
    within: Iterable[Record]
    past: Iterable[list[Record]]
    erasures: frozenset[str] = frozenset()
    before: Iterable[Record] = ()

    @property
    def records(self) -> Iterable[Record]:
        """Everything to apply."""
        return chain(self.within, chain.from_iterable(self.past))

    @property
    def outdated(self) -> frozenset[str]:
        """Everybody whose stored state is to be dropped."""
        return self.gone.union(self.renewed)


def changes(ledger: Ledger, start: int, end: int, *, anew: Mapping[str, int] | None = None) -> Changes:
    """What the records in (start, end] ask for; from the very beginning nobody has a state to renew.

    Parameters: `anew`, further customers to compute from their whole past.
    """
    if end - start <= FEW:
        held = list(ledger.telling(start, end))
        told = [record for record in held if record.kind in (LINK, ERASURE)]
        within: Iterable[Record] = held
    else:
        told = [r for r in ledger.records(start, kinds=[LINK, ERASURE], limit=end - start) if r.seq <= end]
        within = ledger.telling(start, end)
    erasures = frozenset(record.record_id for record in told if record.kind == ERASURE)
    links = [record for record in told if record.kind == LINK] if start else []
    renewed, gone = _renewed(links)
    renewed |= anew or {}
    outdated = gone.union(renewed)
    past = (ledger.records_of(customer, until_seq=end) for customer in sorted(outdated))
    rest = (record for record in within if record.customer_id not in outdated)
    return Changes(renewed, gone, rest, past, erasures, before_links(ledger, start, links))


def _renewed(links: Iterable[Record]) -> tuple[dict[str, int], frozenset[str]]:
    renewed: dict[str, int] = {}
    gone: set[str] = set()
    for record in links:
        link = link_of(record)
        renewed[link.customer_id] = max(record.known_us, renewed.get(link.customer_id, 0))
        gone.update(link.former)
    return renewed, frozenset(gone - renewed.keys())
