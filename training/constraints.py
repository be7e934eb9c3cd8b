"""What a business knows of a model: with what a probability may only rise or fall, and what may interact."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Constraints:
    """What a business knows of the model.

    Parameters: `signs`, by column of the matrix, +1 where the probability may only rise with it, −1 where it may only
    fall; `together`, groups of columns: only columns of one group may interact (none: all may); `everywhere`, columns
    that may interact with any other.
    """

    signs: Mapping[int, int] = field(default_factory=dict)
    together: tuple[tuple[int, ...], ...] = ()
    everywhere: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.signs or self.together)

    def settings(self, n_columns: int) -> dict[str, Any]:
        """The same for LightGBM, which keeps a column that no group names to itself.

        >>> Constraints({1: -1}, together=((0, 1),), everywhere=(3,)).settings(4)
        {'monotone_constraints': [0, -1, 0, 0], 'interaction_constraints': [[0, 1, 3], [2, 3]]}
        """
        out: dict[str, Any] = {}
        if self.signs:
            out["monotone_constraints"] = [self.signs.get(column, 0) for column in range(n_columns)]
        if self.together:
            named = {column for group in self.together for column in group} | set(self.everywhere)
            groups = (*self.together, *((column,) for column in range(n_columns) if column not in named))
            out["interaction_constraints"] = [[*group, *self.everywhere] for group in groups]
        return out
