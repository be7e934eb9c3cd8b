"""The evidence that the response model learns from: decisions at which an action was shown, and at which it was not.

A shown row is a decision whose chosen action was really shown. A control row is a decision paired with an action that
was eligible there and not listed; of these there are many, so an even sample is drawn. What was chosen and never
reported shown is neither: it is censored.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from training.dataset import DecisionLogFrame, TimeSplit
from training.encoding import TREATMENT_COLUMNS, Floats, Layout
from training.linear import WORK
from training.pool import Places, Pool
from training.trees import Rows

CONTROL_CELLS = 10_000_000
"""Rows × columns of what was not shown in a stretch, that are learned from."""
CONTROL_ROWS = (80_000, 1_200_000)
"""So many rows at least, however wide they are, and at most, however narrow."""


def most_control(layout: Layout) -> int:
    """How many control rows of a stretch to learn from; half as many of one that only chooses.

    What happens anyway is subtracted from everything that is shown, so its noise is in every uplift: narrow rows, which
    cost little, are taken in greater number.
    """
    (least, most), width = CONTROL_ROWS, len(layout.columns)
    return min(max(CONTROL_CELLS // width, WORK // width**2, least), most)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Shown and control rows of one stretch of time, each in order of time.

    Parameters: `shown` and `control`; `starting` (n_shown,), the action's stated propensity; `organic` (n_shown,),
    whether its aim is also seen where it is not shown; `shown_share` (n_shown,) and `control_share` (n_control,),
    P(shown | the pair is among these rows), from the logged probabilities; `customers` (n_shown,) and
    `control_customers` (n_control,), whose rows they are.
    """

    shown: Rows
    control: Rows
    starting: Floats
    organic: NDArray[np.bool_]
    shown_share: Floats
    control_share: Floats
    customers: NDArray[np.object_]
    control_customers: NDArray[np.object_]


def evidence_by_time(split: TimeSplit, layout: Layout, *, seed: int) -> tuple[Evidence, Evidence]:
    """The evidence in the training part and in the validation part, whose rows lie together."""
    most = most_control(layout)
    train = _found(split.train, layout, seed=seed, most=most)
    later = _found(split.validation, layout, seed=seed, most=most // 2).moved(len(split.train))
    first, second = _laid_down(split.earlier, layout, [train, later])
    return first, second


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Decisions paired with entries of the action table, arrays (n,); `kept`, the share of all such pairs."""

    rows: Places
    entries: Places
    kept: float = 1.0

    def moved(self, by: int) -> "_Pairs":
        return replace(self, rows=self.rows + by)


@dataclass(frozen=True, slots=True)
class _Found:
    shown: _Pairs
    control: _Pairs

    def moved(self, by: int) -> "_Found":
        """The same in a log with so many decisions before."""
        return _Found(self.shown.moved(by), self.control.moved(by))


def _found(frame: DecisionLogFrame, layout: Layout, *, seed: int, most: int) -> _Found:
    return _Found(_shown_pairs(frame, layout), _control_pairs(frame, layout, seed=seed, most=most))


def _laid_down(frame: DecisionLogFrame, layout: Layout, parts: Sequence[_Found]) -> list[Evidence]:
    """The evidence of each part, its rows in one pool with those of the others."""
    hidden = tuple(map(layout.position, TREATMENT_COLUMNS))
    shown = _pooled(frame, layout, [part.shown for part in parts])
    control = _pooled(frame, layout, [part.control for part in parts], hidden=hidden)
    return [
        _evidence(frame, layout, part, rows) for part, rows in zip(parts, zip(shown, control, strict=True), strict=True)
    ]


Laid = Callable[[Floats], Rows]
"""Rows that still need their labels."""


def _pooled(
    frame: DecisionLogFrame, layout: Layout, parts: Sequence[_Pairs], *, hidden: Sequence[int] = ()
) -> list[Laid]:
    rows, entries = (np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "entries"))
    pool = Pool(layout.pairs(frame.features, rows, entries), layout.categorical, hidden)
    ends = np.cumsum([len(part.rows) for part in parts])
    places = [np.arange(end - len(part.rows), end) for part, end in zip(parts, ends, strict=True)]
    return [partial(Rows.of, pool, each) for each in places]


def _evidence(frame: DecisionLogFrame, layout: Layout, found: _Found, laid: tuple[Laid, Laid]) -> Evidence:
    entry_facts, columns = layout.actions.entries, _columns(frame, layout)
    shown, control = found.shown, found.control
    column, quiet = columns[shown.entries], columns[control.entries]
    organic = np.array([entry_facts[e].has_conversion for e in shown.entries], dtype=bool)
    labels = np.where(organic, frame.converted[shown.rows, column], frame.accepted[shown.rows])
    return Evidence(
        shown=laid[0](labels.astype(np.float64)),
        control=laid[1](frame.converted[control.rows, quiet].astype(np.float64)),
        starting=np.array([entry_facts[e].starting_propensity for e in shown.entries], dtype=np.float64),
        organic=organic,
        shown_share=_share(frame.eligible_probability[shown.rows, column], control.kept),
        control_share=_share(frame.eligible_probability[control.rows, quiet], control.kept),
        customers=frame.customer_id[shown.rows],
        control_customers=frame.customer_id[control.rows],
    )


def _columns(frame: DecisionLogFrame, layout: Layout) -> NDArray[np.int64]:
    """The frame's column of each entry's action."""
    return np.array([frame.actions.index(entry.action) for entry in layout.actions.entries], dtype=np.int64)


def _shown_pairs(frame: DecisionLogFrame, layout: Layout) -> _Pairs:
    """Rows at which something known was shown, and its entry."""
    entry = np.full(len(frame), -1, dtype=np.int64)
    for place, (column, known) in enumerate(zip(_columns(frame, layout), layout.actions.entries, strict=True)):
        own = np.flatnonzero(frame.shown & (frame.chosen == column))
        entry[own[frame.treatment[own] == known.treatment]] = place
    shown = np.flatnonzero(entry >= 0)
    return _Pairs(shown, entry[shown])


def _control_pairs(frame: DecisionLogFrame, layout: Layout, *, seed: int, most: int) -> _Pairs:
    channels, channel = np.unique(frame.channel.astype(str), return_inverse=True)
    places = np.full((len(channels), len(frame.actions)), -1, dtype=np.int64)
    for row, name in enumerate(channels):
        for column, action in enumerate(frame.actions):
            place = layout.actions.position(action, str(name))
            if place is not None and layout.actions.entries[place].has_conversion:
                places[row, column] = place
    at = places[channel]
    pairs = np.argwhere((at >= 0) & (frame.eligible_probability > 0) & ~frame.listed)
    total = len(pairs)
    if total > most:
        rng = np.random.default_rng(seed)
        pairs = pairs[np.sort(rng.choice(total, most, replace=False))]
    return _Pairs(pairs[:, 0], at[pairs[:, 0], pairs[:, 1]], len(pairs) / max(total, 1))


def _share(probability: Floats, kept: float) -> Floats:
    """P(shown | among the rows): a share `kept` of what was not shown is among them."""
    return np.asarray(probability / np.maximum(probability + (1.0 - probability) * kept, 1e-12))
