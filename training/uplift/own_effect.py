"""The uplift of the actions for which a learner of effects proved better than the pooled model, as it serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.encoding import Matrix
from training.reward_log import Floats
from training.uplift.effects import Effects

SHOWN = 1
"""The column of an effect: 0 is not shown, 1 is shown."""


@dataclass(frozen=True, slots=True)
class FixedOwnEffect:
    """The uplift of candidates that do not change.

    Parameters: `places` (k,), which of the `n_candidates` they are.
    """

    places: NDArray[np.int64]
    effects: Effects
    n_candidates: int

    def uplift(self, matrix: Matrix) -> Floats:
        """Their uplift (n, k), of rows (n · n_candidates, n_columns), each customer's candidates in turn."""
        own = matrix.reshape(-1, self.n_candidates, matrix.shape[1])[:, self.places]
        found: Floats = self.effects.predict(own.reshape(-1, matrix.shape[1]))[:, SHOWN]
        return found.reshape(-1, len(self.places))


@dataclass(frozen=True, slots=True)
class OwnEffects:
    """Learned effects of being shown, by the action's code in the matrix's `action_column`."""

    by_code: Mapping[int, Effects] = field(default_factory=dict)
    action_column: int = 0

    def fixed(self, candidates: Floats) -> Sequence[FixedOwnEffect]:
        """Those of candidates that do not change: rows (m, n_columns)."""
        codes = candidates[:, self.action_column]
        places = {code: np.flatnonzero(codes == code) for code in self.by_code}
        return tuple(
            FixedOwnEffect(mine, self.by_code[code], len(candidates)) for code, mine in places.items() if mine.size
        )
