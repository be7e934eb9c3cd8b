"""How standard features are stated: a shelf of one view, one owner and one purpose."""

from dataclasses import dataclass

from features.feature import Feature
from features.primitives import DAY_US, SECOND_US, Primitive
from features.primitives_decay import DecayedSum
from features.selector import Probe

HALF_LIVES = {"30m": 1800 * SECOND_US, **{f"{days}d": days * DAY_US for days in (1, 7, 30, 90, 365)}}
"""Half-lives in microseconds, by the ending of the feature's name."""

SPOKEN = {"30m": "30 minutes", "1d": "one day", "7d": "7 days", "30d": "30 days", "90d": "90 days", "365d": "a year"}

PROFILING, SERVICE = "profiling", "service"
"""What standard features may be used for: to choose what suits a customer; to treat them rightly."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Features of one view with one owner and one purpose, in order."""

    view: str
    owner: str
    purpose: str = PROFILING

    def one(self, name: str, primitive: Primitive, what: str) -> list[Feature]:
        """One feature that is a number."""
        return [Feature(name, self.view, primitive, what, purpose=self.purpose, owner=self.owner)]

    def category(self, name: str, primitive: Primitive, what: str, *, one_of: tuple[str, ...]) -> list[Feature]:
        """One feature that is a word."""
        return [Feature(name, self.view, primitive, what, "category", one_of, None, self.purpose, self.owner)]

    def fading(self, stem: str, what: str, *, probe: Probe, over: tuple[str, ...]) -> list[Feature]:
        """A decayed sum for each half-life."""
        return [
            feature
            for period in over
            for feature in self.one(
                f"{stem}_{period}",
                DecayedSum(probe, HALF_LIVES[period]),
                f"{what}; each counts half after {SPOKEN[period]}",
            )
        ]
