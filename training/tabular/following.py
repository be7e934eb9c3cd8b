"""Scoring in blocks of time, each before it is learned: relearned, and weighed anew by what the blocks before showed.

What was best in calm times need not be best in others, and nobody is told when they change. Every candidate, learned
from all rows and from the latest, with every window of the trailing intercept is an expert; a block is scored by their
mean probability, weighted by how well each did on the blocks before it, the latest counting most, a share divided
equally so that none is ever out (Herbster and Warmuth, Tracking the best expert, Machine Learning 32, 1998).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from training.encoding import Floats
from training.logistic import log_odds, sigmoid
from training.metrics import TINY
from training.tabular.candidate import Candidate, Workshop, margins
from training.tabular.folds import blocks
from training.tabular.trail import WINDOWS, Trail
from training.trees import Rows

FOLLOWED = tuple(map(Candidate.named, ("logistic", "binned", "preset", "binned + preset", "steady", "steady + preset")))
"""The candidates that are followed."""
FOLLOWED_RECENT = tuple(map(Candidate.named, ("logistic", "binned", "preset")))
RECENT = (8_000, 4_000)
"""Of the latest rows, how many those that follow closely are learned from."""
DECAY = 0.9
"""What a block's losses count beside those of the block after it."""
RATE = 0.6
"""What an outcome counts in the weights: outcomes of one time are alike, so that many say less than their number."""
SHARE = 0.2
"""Of the weight, what all experts divide equally."""
WARM_UP = 2
"""Blocks before the first that is wanted, scored for the sake of the weights alone."""


def followed(rows: Rows, start: int, workshop: Workshop, candidates: Sequence[Candidate], *, n_blocks: int) -> Floats:
    """Log-odds of the rows from `start` on, in order of time, each block from nothing but what lies before it."""
    parts = _parts(start, len(rows), n_blocks)
    series: dict[str, Floats] = {}
    for part in parts:
        for name, margin in _margins(rows, part, workshop, candidates).items():
            series.setdefault(name, np.zeros(len(rows)))[part] = margin
    first = parts[0].start
    inner = [slice(part.start - first, part.stop - first) for part in parts]
    label = rows.label[first:]
    experts = np.array(_experts({name: margin[first:] for name, margin in series.items()}, label, inner))
    return _weighted(experts, label, inner)[start - first :]


def _margins(rows: Rows, part: slice, workshop: Workshop, candidates: Sequence[Candidate]) -> dict[str, Floats]:
    """Of one block, by every candidate, learned from all rows before it, and by some from the latest of them."""
    found = dict(margins(workshop, rows.take(np.arange(part.start)), rows.matrix[part], candidates))
    for n_rows in RECENT:
        latest = rows.take(np.arange(max(part.start - n_rows, 0), part.start))
        for name, margin in margins(workshop, latest, rows.matrix[part], FOLLOWED_RECENT).items():
            found[f"{name}, the latest {n_rows}"] = margin
    return found


def _parts(start: int, end: int, n_blocks: int) -> list[slice]:
    wanted = [slice(start + part.start, start + part.stop) for part in blocks(end - start, n_blocks)]
    size = (end - start) // n_blocks
    warm = [slice(start - (n + 1) * size, start - n * size) for n in reversed(range(WARM_UP)) if start > (n + 2) * size]
    return [*warm, *wanted]


def _experts(series: Mapping[str, Floats], label: Floats, parts: Sequence[slice]) -> list[Floats]:
    return [Trail(window).margins(margin, label, parts=parts) for margin in series.values() for window in WINDOWS]


def _weighted(experts: Floats, label: Floats, parts: Sequence[slice]) -> Floats:
    """Log-odds (n,) of the experts' (n_experts, n) weighted mean probability, by their losses on earlier parts."""
    p = np.clip(sigmoid(experts), TINY, 1 - TINY)
    losses = -(label * np.log(p) + (1 - label) * np.log1p(-p))
    out, known = np.zeros(len(label)), np.zeros(len(experts))
    for part in parts:
        weight = np.exp(RATE * (known.min() - known))
        weight = (1 - SHARE) * weight / weight.sum() + SHARE / len(weight)
        out[part] = log_odds(weight @ p[:, part])
        known = DECAY * known + losses[:, part].sum(axis=1)
    return out
