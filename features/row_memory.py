"""The rows of customers seen lately, as this process last read or wrote them."""

from collections.abc import Iterable, Iterator, Sequence

from features.online_store import PackedRow
from features.row_state import Stored, stored
from features.row_store import RowChanges

MOST = 5_000
"""Customers, each with about 3 KB."""


class RowMemory:
    """Saves reading rows again that nobody else has written meanwhile, which whoever asks must know.

    Parameters: `most`, how many customers are remembered; the one not met for longest is forgotten first.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._rows: dict[str, dict[str, PackedRow]] = {}

    def read(self, customers: Sequence[str], transaction: RowChanges) -> Stored:
        """The rows of customers, read where they are not remembered."""
        missing = [customer for customer in customers if customer not in self._rows]
        found = stored(transaction.read_many(missing)) if missing else {}
        held = {customer: self._rows.pop(customer, {}) or found.get(customer, {}) for customer in customers}
        self._rows |= held
        return held

    def noting(self, rows: Iterable[PackedRow]) -> Iterator[PackedRow]:
        """The same rows, each remembered as it is written; its customer was read before."""
        for row in rows:
            self._rows[row.customer_id][row.view] = row
            yield row

    def forget(self, customers: Iterable[str]) -> None:
        """Drop what is remembered of customers."""
        for customer in customers:
            self._rows.pop(customer, None)

    def shrink(self) -> None:
        """Forget those not met for longest, where there are too many."""
        for customer in list(self._rows)[: max(len(self._rows) - self._most, 0)]:
            del self._rows[customer]

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()
