"""The evidence that the response model learns from: decisions at which an action was shown, and at which it was not.

A shown row is a decision whose chosen action was really shown. A control row is a decision paired with an action that
was eligible there and not listed; of these there are many, so an even sample is drawn. What was chosen and never
reported shown is neither: it is censored.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.dataset import DecisionLogFrame
from training.encoding import Floats, Layout
from training.trees import Rows

MOST_CONTROL = 80_000
"""Control rows of a stretch to learn from; half as many of one that only chooses."""


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


def evidence_of(frame: DecisionLogFrame, layout: Layout, *, seed: int, most_control: int = MOST_CONTROL) -> Evidence:
    """The evidence in a log.

    Parameters: `layout`, whose action table says which actions and treatments are learned; `most_control`, the size of
    the sample of control rows.
    """
    shown, entries = _shown_pairs(frame, layout)
    quiet, quiet_entries, kept = _control_pairs(frame, layout, seed=seed, most=most_control)
    entry_facts = layout.actions.entries
    columns = _columns(frame, layout)
    organic = np.array([entry_facts[e].has_conversion for e in entries], dtype=bool)
    reached = frame.converted[shown, columns[entries]]
    labels = np.where(organic, reached, frame.accepted[shown]).astype(np.float64)
    return Evidence(
        shown=Rows(layout.pairs(frame.features, shown, entries), labels),
        control=Rows(
            layout.pairs(frame.features, quiet, quiet_entries),
            frame.converted[quiet, columns[quiet_entries]].astype(np.float64),
        ),
        starting=np.array([entry_facts[e].starting_propensity for e in entries], dtype=np.float64),
        organic=organic,
        shown_share=_share(frame.eligible_probability[shown, columns[entries]], kept),
        control_share=_share(frame.eligible_probability[quiet, columns[quiet_entries]], kept),
        customers=frame.customer_id[shown],
        control_customers=frame.customer_id[quiet],
    )


def _columns(frame: DecisionLogFrame, layout: Layout) -> NDArray[np.int64]:
    """The frame's column of each entry's action."""
    return np.array([frame.actions.index(entry.action) for entry in layout.actions.entries], dtype=np.int64)


def _shown_pairs(frame: DecisionLogFrame, layout: Layout) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows at which something known was shown, and its entry."""
    entry = np.full(len(frame), -1, dtype=np.int64)
    for place, (column, known) in enumerate(zip(_columns(frame, layout), layout.actions.entries, strict=True)):
        own = np.flatnonzero(frame.shown & (frame.chosen == column))
        entry[own[frame.treatment[own] == known.treatment]] = place
    shown = np.flatnonzero(entry >= 0)
    return shown, entry[shown]


def _control_pairs(
    frame: DecisionLogFrame, layout: Layout, *, seed: int, most: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], float]:
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
    return pairs[:, 0], at[pairs[:, 0], pairs[:, 1]], len(pairs) / max(total, 1)


def _share(probability: Floats, kept: float) -> Floats:
    """P(shown | among the rows): a share `kept` of what was not shown is among them."""
    return np.asarray(probability / np.maximum(probability + (1.0 - probability) * kept, 1e-12))
