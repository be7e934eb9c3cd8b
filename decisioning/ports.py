"""What a decision needs from outside, as protocols; the rooms around the domain implement them."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from decisioning.action import Action, Treatment
from decisioning.customer import Customer, CustomerReference, FeatureValue

if TYPE_CHECKING:
    from decisioning.decision import Decision


@dataclass(frozen=True, slots=True)
class Candidate:
    """One action in one treatment that may be shown."""

    action: Action
    treatment: Treatment


class Correction(NamedTuple):
    """What the fast layer made of a bundle's scores; arrays of shape (n_candidates,).

    Parameters: `seq`, of the newest record it had seen; `bundle`, the propensity before it was moved; `spread`, the SD
    with which propensities are drawn.
    """

    seq: int
    bundle: NDArray[np.float64]
    spread: NDArray[np.float64]

    def take(self, places: NDArray[np.intp]) -> "Correction":
        """That of the candidates at some places."""
        return Correction(self.seq, self.bundle[places], self.spread[places])


class Scores(NamedTuple):
    """What a bundle says of each candidate; arrays of shape (n_candidates,).

    Parameters: `propensity`, P(accepts | shown); `uplift`, P(outcome | shown) − P(outcome | not shown), NaN where there
    is no randomised evidence; `priority`, where the bundle ranks by itself (a constant policy), else None;
    `correction`, where a fast layer moved them; `randomised`, false where every uplift is NaN.
    """

    propensity: NDArray[np.float64]
    uplift: NDArray[np.float64]
    priority: NDArray[np.float64] | None = None
    correction: Correction | None = None
    randomised: bool = True

    def take(self, places: NDArray[np.intp]) -> "Scores":
        """Those of the candidates at some places."""
        given = None if self.priority is None else self.priority[places]
        correction = None if self.correction is None else self.correction.take(places)
        return Scores(self.propensity[places], self.uplift[places], given, correction, self.randomised)


class ProfileReader(Protocol):
    """Reads what is known of a customer."""

    def read(self, reference: CustomerReference, *, now: datetime) -> Customer:
        """The customer as of now; of an unknown reference nothing is known but its id."""
        ...


class Scorer(Protocol):
    """A bundle, loaded: scores candidates for one customer."""

    @property
    def version(self) -> str:
        """The bundle's version, written into every decision."""
        ...

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:
        """Score the candidates for a customer with these features."""
        ...

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:
        """The features that moved the propensity most: (name, contribution in log-odds), largest first."""
        ...


def is_bounded(scorer: Scorer) -> bool:
    """Whether a scorer says of itself that it scores and foresees in so many steps and no more, whatever its file says.

    Such a one can be asked in place; any other may be stuck, and must be asked where that holds up nobody.
    """
    return bool(getattr(scorer, "is_bounded", False))


class DecisionLog(Protocol):
    """Keeps decisions, durably."""

    def record(self, decision: "Decision", *, answer: bytes = b"", body_hash: str = "") -> "Future[None]":
        """Record the decision and reserve its contacts in one transaction.

        The future resolves once it is durable. It raises `StaleContactsError` where the customer's contacts changed
        since they were read, and `ConflictError` where the request id was used before.
        """
        ...


class Clock(Protocol):
    """Tells the time; injected at composition."""

    def __call__(self) -> datetime:
        """Now, aware, UTC."""
        ...
