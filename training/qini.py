"""The Qini curve: how many more outcomes reaching the customers with the highest uplift brings, by the share reached.

Radcliffe (2007), Using control groups to target on predicted lift: building and assessing uplift models. Treated and
untreated rows are weighted by their inverse probabilities, so that a log of an exploring service counts as a trial.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.encoding import Floats


@dataclass(frozen=True, slots=True)
class Qini:
    """A Qini curve.

    Parameters: `share` (k,) reached, from 0 to 1; `gained` (k,), additional outcomes per row of the whole.
    """

    share: Floats
    gained: Floats

    @property
    def coefficient(self) -> float:
        """The mean height above reaching customers at random, in outcomes per row; 0 says nothing was found."""
        return float(np.mean(self.gained - self.share * self.gained[-1]))


def qini(
    uplift: Floats, outcome: Floats, *, treated: NDArray[np.bool_], probability: Floats, n_points: int = 50
) -> Qini:
    """The curve of rows (n,).

    Parameters: `uplift`, by which they are ordered; `outcome`, 0 or 1; `treated`; `probability` of being treated, above
    0 and below 1.

    >>> uplift = np.repeat([0.9, 0.1], 100)
    >>> treated = np.arange(200) % 2 == 0
    >>> outcome = (treated & (uplift > 0.5)).astype(float)
    >>> found = qini(uplift, outcome, treated=treated, probability=np.full(200, 0.5), n_points=2)
    >>> found.gained.tolist()
    [0.0, 0.5, 0.5]
    """
    order = np.argsort(-uplift, kind="stable")
    weight = np.where(treated, 1.0 / probability, 1.0 / (1.0 - probability))[order]
    there, one = treated[order], outcome[order]
    ends = np.linspace(0, len(order), n_points + 1).astype(np.int64)
    rates = [_rate(weight * side, one, ends) for side in (there, ~there)]
    share = np.linspace(0.0, 1.0, n_points + 1)
    return Qini(share, share * (rates[0] - rates[1]))


def _rate(weight: Floats, outcome: Floats, ends: NDArray[np.int64]) -> Floats:
    """The weighted mean outcome of the first rows up to each end; 0 where there are none."""
    total, reached = (np.concatenate([[0.0], np.cumsum(part)])[ends] for part in (weight, weight * outcome))
    return np.asarray(reached / np.where(total > 0, total, 1.0))
