"""Gamma-Gamma: a customer's mean amount, drawn toward everybody's by as much as few purchases deserve.

Fader and Hardie, The Gamma-Gamma model of monetary value, 2013 (brucehardie.com/notes/025).
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import gammaln

from training.encoding import Floats
from training.value.transactions import Summary


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """Parameters: amounts are gamma(p, ν) with ν of each customer drawn from gamma(q, γ)."""

    p: float
    q: float
    gamma: float

    def mean_amount(self, known: Summary) -> Floats:
        """Expected amount (n,) of a purchase, by equation 5 of the note."""
        common = self.gamma * self.p / (self.q - 1)
        own = self.p * known.paid / (self.p * known.paid + self.q - 1)
        return np.asarray((1 - own) * common + own * known.mean)

    def log_likelihood(self, x: Floats, mean: Floats) -> float:
        """Of the mean amounts (n,) of customers with x purchases, by equation 1a of the note."""
        p, q, gamma = self.p, self.q, self.gamma
        shape = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
        return float(
            (shape + (p * x - 1) * np.log(mean) + p * x * np.log(x) - (p * x + q) * np.log(gamma + mean * x)).sum()
        )


def fit_gamma_gamma(known: Summary) -> GammaGamma:
    """By maximum likelihood; q is held above 1, where the mean exists."""
    x, mean = known.paid, known.mean
    scale = float(mean.mean())

    def loss(logs: Floats) -> float:
        model = GammaGamma(float(np.exp(logs[0])), 1.0 + float(np.exp(logs[1])), float(np.exp(logs[2])))
        return -model.log_likelihood(x, mean / scale) / len(x)

    p, q, gamma = minimize(loss, np.zeros(3), method="L-BFGS-B", bounds=[(-5.0, 5.0)] * 3).x
    return GammaGamma(float(np.exp(p)), 1.0 + float(np.exp(q)), float(np.exp(gamma)) * scale)
