"""Posterior sampling with exact probabilities: a fixed number of seeded draws, whose shares are what is drawn from.

Each draw gives every option a propensity from its posterior, and with it a priority; the share of draws in which an
option comes first is its probability (Thompson, 1933), known exactly because the draws are finite and the decision's
seed makes them. The draws of one option are a shifted lattice of quantiles, picked by a hash: as even as draws can be,
and without any generator whose numbers might change with its version.
"""

from collections.abc import Sequence
from hashlib import shake_256
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from decisioning.arbitration import ZERO, Stakes, less, weighted
from decisioning.arbitration_rule import Weights, columns_of
from decisioning.option import Options
from decisioning.ports import Scores
from decisioning.slate import Floats

N_DRAWS = 64
"""How many draws a decision looks at: probabilities are multiples of 1/64, before exploration's even share."""
_POINTS = 8191
"""Points of the normal distribution to draw from; prime, so that no step comes back before all were seen."""
_ROWS = 4096


def _table() -> Floats:
    """Rows of draws, shape (_ROWS, N_DRAWS): quantiles of the normal distribution from some place on, by some step."""
    quantiles = np.array([NormalDist().inv_cdf((point + 0.5) / _POINTS) for point in range(_POINTS)])
    hashed = np.frombuffer(shake_256(b"tsugi draws").digest(8 * _ROWS), "<u4").reshape(_ROWS, 2).astype(np.int64)
    place, step = hashed[:, :1] % _POINTS, hashed[:, 1:] % (_POINTS - 1) + 1
    rows: Floats = quantiles[(place + step * np.arange(N_DRAWS)) % _POINTS]
    return rows


TABLE = _table()
"""What is drawn from: rows of as many draws of one option as a decision looks at."""


def standard_draws(seed: int, n: int) -> Floats:
    """Draws of n independent standard normals, shape (n, N_DRAWS), a function of the seed (64 bits).

    >>> bool((standard_draws(7, 3) == standard_draws(7, 3)).all())
    True
    """
    hashed = np.frombuffer(shake_256(seed.to_bytes(8, "little")).digest(2 * n), "<u2")
    return TABLE.take(hashed, axis=0, mode="wrap")


def rows_of(seeds: Sequence[int], n: int) -> NDArray[np.intp]:
    """The rows of `TABLE` that are the draws of n options (n_seeds, n), by many seeds; as `standard_draws` takes them.

    >>> bool((TABLE[rows_of([7], 3)[0]] == standard_draws(7, 3)).all())
    True
    """
    hashed = b"".join([shake_256(seed.to_bytes(8, "little")).digest(2 * n) for seed in seeds])
    return np.frombuffer(hashed, "<u2").reshape(len(seeds), n).astype(np.intp) % _ROWS


def sampled_priorities(options: Options, seed: int) -> Floats:
    """Priorities as drawn, (n, N_DRAWS)."""
    stakes, correction = options.stakes, options.scores.correction
    drawn = standard_draws(seed, len(options.names))
    if options.scores.priority is None and not options.weighing.rule.is_simple:
        return _ruled(options, drawn)
    drawn *= ((ZERO if correction is None else correction.spread) * stakes.value)[..., np.newaxis]
    if options.gain is None:
        drawn += options.priority[:, np.newaxis]
        return drawn
    if options.weighing.mode == "value":
        drawn *= ZERO
    drawn += options.gain[:, np.newaxis]
    favoured = weighted(drawn, _column(stakes.weight))
    if options.weighing.prices:
        favoured = favoured - options.weighing.charges(options.slate)[:, np.newaxis]
    return favoured if options.weighing.mode in ("propensity_value", "value") else less(favoured, _column(stakes.cost))


def _ruled(options: Options, drawn: Floats) -> Floats:
    """As `sampled_priorities`, where priorities are made by issue or a formula: of drawn propensities and uplifts."""
    scores, stakes, weighing = options.scores, options.stakes, options.weighing
    reach = drawn * (ZERO if scores.correction is None else scores.correction.spread)[..., np.newaxis]
    propensity, uplift = scores.propensity[:, np.newaxis] + reach, scores.uplift[:, np.newaxis] + reach
    each = Scores(propensity, uplift)
    columns = Stakes(_column(stakes.value), _column(stakes.cost), _column(stakes.weight))
    weights = Weights(*map(_column, weighing.weights(options.slate)))
    said = columns_of(each, columns, weights, said=weighing.said)
    ruled = weighing.rule.priorities(options.slate.issues, each, columns, columns=said)
    return ruled - weighing.charges(options.slate)[:, np.newaxis] if weighing.prices else ruled


def _column(each: Floats | float) -> Floats | float:
    return each if isinstance(each, float) else each[:, np.newaxis]
