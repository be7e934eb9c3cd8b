"""A ratio of sums that arrive in parts."""

from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from training.moments import Interval


@dataclass(frozen=True, slots=True)
class WeightedMean:
    """Σ w·r / Σ w from five sums, with the delta method's normal interval.

    Parameters: the sums of w, w·r, w², w²·r and w²·r².
    """

    weight: float = 0.0
    reward: float = 0.0
    squared: float = 0.0
    squared_reward: float = 0.0
    squared_reward_squared: float = 0.0

    @property
    def value(self) -> float | None:
        """The weighted mean; None where no decision speaks for the policy."""
        return self.reward / self.weight if self.weight else None

    def merge(self, other: "WeightedMean") -> "WeightedMean":
        """The weighted mean over both parts."""
        return WeightedMean(
            self.weight + other.weight,
            self.reward + other.reward,
            self.squared + other.squared,
            self.squared_reward + other.squared_reward,
            self.squared_reward_squared + other.squared_reward_squared,
        )

    def interval(self, confidence: float = 0.95) -> Interval | None:
        """The normal interval of the ratio; None where there is no value."""
        value = self.value
        if value is None:
            return None
        noise = self.squared_reward_squared - 2 * value * self.squared_reward + value * value * self.squared
        reach = NormalDist().inv_cdf((1 + confidence) / 2) * sqrt(max(noise, 0.0)) / self.weight
        return Interval(value - reach, value + reach)
