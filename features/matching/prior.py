"""How likely two records taken at random are of one person: found from the evidence alone."""

import math

import numpy as np

from features.matching.weighing import Bits

FEWEST = 0.5
"""Pairs of one person that are expected at least, however little speaks for any."""


def prior_of(evidence: Bits, n_records: int) -> float:
    """Log₂ odds of the prior that the pairs' own probabilities add up to.

    Parameters: `evidence`, bits of every candidate pair, (n_pairs,); pairs that are no candidates count as two people.
    """
    pairs = n_records * (n_records - 1) / 2
    share = min(0.5, max(1e-4, FEWEST / pairs)) if pairs else 0.5
    for _ in range(100):
        expected = probability(evidence + log_odds(share)).sum()
        found = min(0.5, max(expected, FEWEST) / pairs) if pairs else share
        if abs(found - share) < 1e-6 * share:
            break
        share = float(found)
    return log_odds(share)


def log_odds(share: float) -> float:
    """Log₂ odds of a probability; of what is certain, either way, they are infinite.

    >>> log_odds(0.5), log_odds(1.0), log_odds(0.0)
    (0.0, inf, -inf)
    """
    if share in (0.0, 1.0):
        return math.inf if share else -math.inf
    return math.log2(share / (1.0 - share))


def probability(bits: Bits) -> Bits:
    """The probability that log₂ odds stand for.

    >>> probability(np.array([0.0, 2.0])).tolist()
    [0.5, 0.8]
    """
    return 1.0 / (1.0 + np.exp2(-np.clip(bits, -500.0, 500.0)))
