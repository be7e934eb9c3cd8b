"""Variety in a list: at most so many actions of one group, and at least so many groups where there are as many."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Variety(NamedTuple):
    """What a placement asks of its lists.

    Parameters: `most_per_group` actions of one group (None: any number); `least_groups` in a full list, where so many
    groups may be offered.
    """

    most_per_group: int | None = None
    least_groups: int = 0

    @property
    def is_free(self) -> bool:
        """Whether it asks nothing."""
        return self.most_per_group is None and self.least_groups <= 1

    def closes(self, shown: Sequence[str], left: Mapping[str, str], *, n_ranks: int) -> set[str]:
        """The actions that may not be drawn for the next rank.

        Parameters: `shown`, the groups of the ranks above; `left`, the group of every action that is left; `n_ranks`
        still to fill.

        >>> Variety(most_per_group=1).closes(["cards"], {"gold": "cards", "loan": "loans"}, n_ranks=2)
        {'gold'}
        >>> Variety(least_groups=2).closes(["cards"], {"gold": "cards", "loan": "loans"}, n_ranks=1)
        {'gold'}
        """
        times = Counter(shown)
        full = {group for group, n in times.items() if self.most_per_group is not None and n >= self.most_per_group}
        if self.least_groups - len(times) >= n_ranks and any(group not in times for group in left.values()):
            full |= set(times)
        return {name for name, group in left.items() if group in full}
