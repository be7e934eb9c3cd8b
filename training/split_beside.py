"""A random split beside the one by time: how good the pooled model would seem to be, had it known of its judges' time.

A decision is judged by what was known before it, so the split by time alone chooses and serves. By how much a random
one flatters says how much of a model's quality is knowing the days that it is asked about.
"""

from dataclasses import dataclass

import numpy as np

from training.blend import Blend
from training.blend_fit import Choice, Recipe, refit
from training.ground import start_of
from training.logistic import sigmoid
from training.metrics import Quality
from training.trees import Rows
from training.tuning import spread_sample

MOST = 60_000
"""Rows, evenly spread over the time, that are split at random."""


@dataclass(frozen=True, slots=True)
class SplitBeside:
    """The quality of one and the same recipe, before calibration, by each way of splitting the same rows."""

    by_time: Quality
    by_chance: Quality


def split_beside(everything: Rows, later: Rows, recipe: Recipe, choice: Choice) -> SplitBeside:
    """Judge what was chosen on the later rows, and, learned again, on as large a random part of all of them."""
    some = spread_sample(everything, MOST)
    order = np.random.default_rng(recipe.search.seed).permutation(len(some))
    n_judged = round(len(later) / len(everything) * len(some))
    judged, learned = (some.take(np.sort(part)) for part in (order[:n_judged], order[n_judged:]))
    return SplitBeside(_quality(choice.blend, later), _quality(refit(learned, recipe, choice), judged))


def _quality(blend: Blend, rows: Rows) -> Quality:
    return Quality.of(rows.label, sigmoid(start_of(rows) + blend.margin(rows.matrix)))
