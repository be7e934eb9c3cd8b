"""What an action's own model adds to the pooled one, for the actions that earned one.

A specialist starts from what the pooled model says and learns, from its action's rows alone, what must be added to it
in log-odds: it needs less evidence than a model that starts from nothing, and with none it is the pooled model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.blend import Blend, FixedBlend
from training.encoding import Floats, Matrix


@dataclass(frozen=True, slots=True)
class FixedSpecialist:
    """A specialist whose candidates are fixed.

    Parameters: `places` (k,), which of the candidates are its action's; `blend`, fixed for them.
    """

    places: NDArray[np.int64]
    blend: FixedBlend

    def margin(self, customer: Floats) -> Floats:
        """What is added to its candidates (k,) of one encoded customer (n_features,)."""
        return self.blend.margin(customer)

    def margins(self, customers: Floats) -> Floats:
        """What is added to its candidates (n, k) of many encoded customers (n, n_features)."""
        return self.blend.margins(customers)


@dataclass(frozen=True, slots=True)
class Specialists:
    """The actions' own models.

    Parameters: `own`, by the action's code in the matrix's `action_column`.
    """

    own: Mapping[int, Blend] = field(default_factory=dict)
    action_column: int = 0

    def margin(self, matrix: Matrix) -> Floats:
        """What is added to rows (n, n_columns), in log-odds; 0 where the action has no specialist."""
        out = np.zeros(len(matrix))
        for code, blend in self.own.items():
            rows = np.flatnonzero(matrix[:, self.action_column] == code)
            out[rows] = blend.margin(matrix[rows])
        return out

    def contributions(self, matrix: Matrix) -> Floats:
        """Each column's share of that, shape (n, n_columns + 1)."""
        out = np.zeros((len(matrix), matrix.shape[1] + 1))
        for code, blend in self.own.items():
            rows = np.flatnonzero(matrix[:, self.action_column] == code)
            if rows.size:
                out[rows] = blend.contributions(matrix[rows])
        return out

    def fixed(self, candidates: Floats) -> Sequence[FixedSpecialist]:
        """The specialists of candidates that do not change: rows (m, n_columns)."""
        codes = candidates[:, self.action_column]
        places = {code: np.flatnonzero(codes == code) for code in self.own}
        return tuple(
            FixedSpecialist(mine, self.own[code].fixed(candidates[mine])) for code, mine in places.items() if mine.size
        )
