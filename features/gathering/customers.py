"""Whose each identifier is at one moment: customers in the order of their ids, identifiers by number."""

from collections.abc import Container
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.fact_reader import Index
from features.ledger import Snapshots

NOBODY = -1


class Customers(NamedTuple):
    """Parameters: `ids`, sorted; `by_node`, shape (highest number + 1,), the place in `ids`, -1 for nobody's."""

    ids: list[str]
    by_node: NDArray[np.int32]

    def places(self, nodes: Index) -> Index:
        """Where the customers of identifiers stand in `ids`; -1 for nobody, also for identifiers made since."""
        known = np.where(nodes < len(self.by_node), nodes, 0)
        return np.where(nodes == known, self.by_node[known], NOBODY).astype(np.intp)


def customers_of(ledger: Snapshots, *, without: Container[str] = ()) -> Customers:
    """Every customer of a ledger but some."""
    with ledger.read() as connection:
        (highest,) = connection.execute("SELECT max(node) FROM identifier").fetchone()
        ids: list[str] = []
        by_node = np.full((highest or 0) + 1, NOBODY, dtype=np.int32)
        for customer_id, node in connection.execute(_LABELS):
            if customer_id in without:
                continue
            if not ids or ids[-1] != customer_id:
                ids.append(customer_id)
            by_node[node] = len(ids) - 1
    return Customers(ids, by_node)


_LABELS = "SELECT customer_id, node FROM identifier WHERE customer_id IS NOT NULL ORDER BY customer_id"
