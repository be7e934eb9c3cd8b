"""How far expectations lie apart: models that shrink twice keep customers too close together.

Rates and amounts are each drawn toward everybody's, and an average of two models again. What an earlier horizon brought
says how much of it to undo: expectations are raised to a power, and scaled so that they add up to what they did. Their
level stays: on eleven earlier windows of three tables of purchases it told nothing of the next horizon's level how the
one before had come out.
"""

from dataclasses import dataclass

import numpy as np

from training.encoding import Floats

POWERS = (1.0, 1.05, 1.1, 1.15, 1.2, 1.3)
"""Tried in this order; a larger one must convince."""
CONVINCING = 1e-3
"""By this share the mean absolute error must fall."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Parameters: `scale` × amount ** `power`."""

    power: float = 1.0
    scale: float = 1.0

    def apply(self, amount: Floats) -> Floats:
        """Amounts (n,), none below 0, further apart."""
        return np.asarray(self.scale * amount**self.power)

    @classmethod
    def keeping_the_sum(cls, power: float, amount: Floats) -> "Spread":
        """Of a power, scaled so that these amounts (n,) add up to what they did.

        >>> Spread.keeping_the_sum(2.0, np.array([1.0, 3.0])).apply(np.array([1.0, 3.0]))
        array([0.4, 3.6])
        """
        raised = float((amount**power).sum())
        return cls(power, float(amount.sum()) / raised) if raised > 0 else cls()


def choose_power(amount: Floats, came: Floats) -> float:
    """The power by which expectations (n,), of the right sum, come nearest to what came (n,); the smaller wins ties."""
    best, lowest = POWERS[0], np.inf
    total = max(float(came.sum()), 0.0)
    for power in POWERS:
        raised = amount**power
        error = float(np.abs(came - raised * total / max(raised.sum(), 1e-12)).mean())
        if error < lowest * (1 - CONVINCING):
            best, lowest = power, error
    return best
