"""Whether a customer was ever told to be of a group, as their own row says; of who was not, the ledger is not asked."""

from collections.abc import Iterable
from struct import Struct
from typing import Self

from features.feature_set import FeatureSet
from features.online_store import PackedRow
from features.packing import WIDTH
from features.standard.person import GROUPS_JOINED


class Joined:
    """Looks where the row of a view counts groups.

    Parameters: `view`; `first`, the place of the first column that counts them; `n_columns`, how many do.
    """

    def __init__(self, view: str, first: int, n_columns: int) -> None:
        self._view = view
        self._offset = first * WIDTH
        self._numbers = Struct(f"<{n_columns}d")

    @classmethod
    def of(cls, features: FeatureSet) -> Self | None:
        """As these features count groups; None where none of them does."""
        for feature in features.features:
            if feature.primitive == GROUPS_JOINED:
                columns = features.view(feature.view).columns
                return cls(feature.view, columns.index(feature.columns[0]), len(feature.columns))
        return None

    def any(self, rows: Iterable[PackedRow]) -> bool:
        """Whether one customer's rows, however old, say so."""
        for row in rows:
            if row.view == self._view:
                return any(n == n for n in self._numbers.unpack_from(row.state, self._offset))
        return False
