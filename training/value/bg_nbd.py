"""BG/NBD: how often a customer buys, who may have left for good after any purchase, unseen.

While active a customer buys at a rate of their own, drawn from a gamma distribution (r, α); after each purchase they
leave with a probability of their own, drawn from a beta distribution (a, b). Fader, Hardie and Lee, "Counting your
customers" the easy way: an alternative to the Pareto/NBD model, Marketing Science 24(2), 2005.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from decisioning.errors import InvalidInputError
from training.encoding import Floats
from training.value.transactions import Summary

FEWEST_REPEATS = 20
PULL = 1.0
"""How strongly the parameters' logarithms are held near 0, as much as one customer would: there may be no maximum."""


@dataclass(frozen=True, slots=True)
class BgNbd:
    """Parameters: `r` and `alpha` of the rates, in weeks; `a` and `b` of the chances to leave."""

    r: float
    alpha: float
    a: float
    b: float

    def purchases(self, known: Summary, weeks: float) -> Floats:
        """Expected purchases (n,) of the next weeks, by equation 10 of the paper."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        x, t_x, age = known.x, known.t_x, known.age
        z = weeks / (alpha + age + weeks)
        shrink = ((alpha + age) / (alpha + age + weeks)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, z)
        gone = np.where(x > 0, a / (b + np.maximum(x, 1) - 1) * ((alpha + age) / (alpha + t_x)) ** (r + x), 0.0)
        return np.asarray((a + b + x - 1) / (a - 1) * (1 - shrink) / (1 + gone))

    def log_likelihood(self, known: Summary) -> float:
        """Of all customers, by equation 6 of the paper."""
        r, alpha, a, b = self.r, self.alpha, self.a, self.b
        x, t_x, age = known.x, known.t_x, known.age
        rates = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
        stays = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + age)
        with np.errstate(divide="ignore"):
            some = np.where(x > 0, betaln(a + 1, b + np.maximum(x, 1) - 1) - betaln(a, b), -np.inf)
        leaves = some - (r + x) * np.log(alpha + t_x)
        return float((rates + np.logaddexp(stays, leaves)).sum())


def fit_bg_nbd(known: Summary) -> BgNbd:
    """By maximum likelihood, lightly held; raises `InvalidInputError` where hardly anybody bought again."""
    repeats = int((known.x > 0).sum())
    if repeats < FEWEST_REPEATS:
        raise InvalidInputError(
            f"{repeats} of {len(known.x):,} customers bought again; at least {FEWEST_REPEATS} are needed",
            code="too_little_data",
        )

    def loss(logs: Floats) -> float:
        held = PULL * float(logs @ logs)
        return (held - BgNbd(*np.exp(logs)).log_likelihood(known)) / len(known.x)

    found = minimize(loss, np.zeros(4), method="L-BFGS-B", bounds=[(-8.0, 8.0)] * 4)
    return BgNbd(*map(float, np.exp(found.x)))
