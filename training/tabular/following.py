"""Scoring in blocks of time, each before it is learned: relearned, and weighed anew by what the blocks before showed.

What was best in calm times need not be best in others, and nobody is told when they change. Every candidate with every
window of the trailing intercept is an expert; a block is scored by their mean log-odds, weighted by how well each did
on the blocks before it, the latest counting most (Cesa-Bianchi and Lugosi, Prediction, Learning, and Games, 2006).
"""

from collections.abc import Mapping, Sequence

import numpy as np

from training.encoding import Floats
from training.logistic import sigmoid
from training.metrics import TINY
from training.tabular.candidate import Candidate, Workshop, margins
from training.tabular.folds import blocks
from training.tabular.trail import WINDOWS, Trail
from training.trees import Rows

FOLLOWED = tuple(map(Candidate.named, ("logistic", "binned", "preset", "binned + preset", "steady", "steady + preset")))
"""The candidates that are followed."""
DECAY = 0.75
"""What a block's losses count beside those of the block after it."""
WARM_UP = 2
"""Blocks before the first that is wanted, scored for the sake of the weights alone."""


def followed(rows: Rows, start: int, workshop: Workshop, candidates: Sequence[Candidate], *, n_blocks: int) -> Floats:
    """Log-odds of the rows from `start` on, in order of time, each block from nothing but what lies before it."""
    parts = _parts(start, len(rows), n_blocks)
    series = {each.name: np.zeros(len(rows)) for each in candidates}
    for part in parts:
        learned = rows.take(np.arange(part.start))
        for name, margin in margins(workshop, learned, rows.matrix[part], candidates).items():
            series[name][part] = margin
    first = parts[0].start
    inner = [slice(part.start - first, part.stop - first) for part in parts]
    label = rows.label[first:]
    experts = np.array(_experts({name: margin[first:] for name, margin in series.items()}, label, inner))
    return _weighted(experts, label, inner)[start - first :]


def _parts(start: int, end: int, n_blocks: int) -> list[slice]:
    wanted = [slice(start + part.start, start + part.stop) for part in blocks(end - start, n_blocks)]
    size = (end - start) // n_blocks
    warm = [slice(start - (n + 1) * size, start - n * size) for n in reversed(range(WARM_UP)) if start > (n + 2) * size]
    return [*warm, *wanted]


def _experts(series: Mapping[str, Floats], label: Floats, parts: Sequence[slice]) -> list[Floats]:
    return [Trail(window).margins(margin, label, parts=parts) for margin in series.values() for window in WINDOWS]


def _weighted(experts: Floats, label: Floats, parts: Sequence[slice]) -> Floats:
    """The weighted mean (n,) of the experts (n_experts, n), by their losses on earlier parts."""
    p = np.clip(sigmoid(experts), TINY, 1 - TINY)
    losses = -(label * np.log(p) + (1 - label) * np.log1p(-p))
    out, known = np.zeros(len(label)), np.zeros(len(experts))
    for part in parts:
        weight = np.exp(known.min() - known)
        out[part] = weight @ experts[:, part] / weight.sum()
        known = DECAY * known + losses[:, part].sum(axis=1)
    return out
