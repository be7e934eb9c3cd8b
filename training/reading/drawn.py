"""The decisions that are over, of very many an even sample: drawn before what they know is read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.ledger import Ledger
from training.dataset import even_rows
from training.reading.decided import Decided, read_decided, read_some
from training.reading.decision_pages import Repeats, extent
from training.reading.feature_kinds import FeatureKinds
from training.reading.timeline import Timeline, read_timeline


@dataclass(frozen=True, slots=True)
class Drawn:
    """Some decisions of a timeline.

    Parameters: `rows` (n,), their positions there; `decided`, they themselves; `repeats`, the decisions that repeat the
    draws of any of the timeline, and are not there themselves.
    """

    timeline: Timeline
    rows: NDArray[np.int64]
    decided: Decided
    repeats: Repeats

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def customer_id(self) -> NDArray[np.object_]:
        """Whose they are (n,), as all of the timeline are."""
        return self.timeline.customer_id[self.rows]


def read_drawn(
    ledger: Ledger,
    names: Sequence[str],
    *,
    actions: Iterable[str],
    until_us: int,
    over_us: int,
    since_us: int | None = None,
    most: int | None = None,
) -> Drawn:
    """Read the decisions from a moment (None: all) up to another; of those that are over, `most` with all they know.

    Parameters: as of `read_timeline`; `names` of features. Where `most` bounds nothing, the ledger is read once.
    """
    within, repeats = extent(ledger, since_us=since_us), Repeats()
    if most is None or within.n <= most:
        decided = read_decided(ledger, names, within=within, actions=actions, until_us=until_us, repeats=repeats)
        timeline = Timeline.of(decided, over_us=over_us)
        return Drawn(timeline, np.arange(timeline.n_over), decided.first(timeline.n_over), repeats)
    kinds = FeatureKinds(names)
    timeline = read_timeline(
        ledger, kinds, within=within, actions=actions, until_us=until_us, over_us=over_us, repeats=repeats
    )
    rows = even_rows(timeline.n_over, most)
    some = read_some(ledger, kinds, actions=timeline.actions, seqs=timeline.seq[rows])
    return Drawn(timeline, rows[np.isin(timeline.seq[rows], some.seq)], some, repeats)
