"""Posterior sampling with exact probabilities: a fixed number of seeded draws, whose shares are what is drawn from.

Each draw gives every option a propensity from its posterior, and with it a priority; the share of draws in which an
option comes first is its probability (Thompson, 1933), known exactly because the draws are finite and the decision's
seed makes them. The draws of one option are a shifted lattice of quantiles, picked by a hash: as even as draws can be,
and without any generator whose numbers might change with its version.
"""

from collections.abc import Mapping
from hashlib import shake_256
from math import isnan
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from decisioning.arbitration import Mode
from decisioning.option import Option

Floats = NDArray[np.float64]
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


_TABLE = _table()


def standard_draws(seed: int, n: int) -> Floats:
    """Draws of n independent standard normals, shape (n, N_DRAWS), a function of the seed (64 bits).

    >>> bool((standard_draws(7, 3) == standard_draws(7, 3)).all())
    True
    """
    rows = np.frombuffer(shake_256(seed.to_bytes(8, "little")).digest(2 * n), "<u2") % _ROWS
    draws: Floats = _TABLE[rows]
    return draws


def sampled_priorities(options: Mapping[str, Option], seed: int, mode: Mode) -> Floats:
    """Priorities as drawn, shape (n_options, N_DRAWS), by name in order; the order of the options is irrelevant."""
    stakes = [_stake(options[name], mode) for name in sorted(options)]
    gain, reach, weight, cost = np.array(stakes, dtype=np.float64).T[..., np.newaxis]
    drawn = standard_draws(seed, len(stakes))
    drawn *= reach
    drawn += gain
    if any(stake[2] != 1.0 for stake in stakes):
        drawn = np.where(drawn > 0.0, drawn * weight, drawn)
    drawn -= cost
    return drawn


def _stake(option: Option, mode: Mode) -> tuple[float, float, float, float]:
    """What a priority is made of: gain, how far one SD of the propensity moves it, weight of a gain, cost."""
    propensity, uplift, value, cost, context_weight, lever = option.factors
    reach = 0.0 if option.learned is None else option.learned.spread * value
    if option.given:
        return option.priority, reach, 1.0, 0.0
    if mode == "propensity_value":
        return propensity * value, reach, context_weight * lever, 0.0
    return (propensity if isnan(uplift) else uplift) * value, reach, context_weight * lever, cost
