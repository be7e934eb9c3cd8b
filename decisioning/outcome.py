"""What the customer did with what was shown, and what that is worth."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

OutcomeType = Literal["impression", "click", "accept", "reject", "dismiss", "conversion"]
OUTCOME_TYPES: tuple[str, ...] = get_args(OutcomeType)
POSITIVE: frozenset[str] = frozenset({"accept", "conversion"})
"""The types that say the customer accepted."""
ANSWERS: frozenset[str] = frozenset({"click", "accept", "reject", "dismiss", "conversion"})
"""The types that are an answer; an impression is not one."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A fact observed about one action of one decision.

    Parameters: `amount` in `currency`, where money was involved; `occurred_at` aware, UTC.
    """

    outcome_id: str
    decision_id: str
    action: str
    treatment: str
    type: OutcomeType
    occurred_at: datetime
    amount: float | None = None
    currency: str | None = None
