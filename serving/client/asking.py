"""What callers may say besides what they must, by name; as `docs/http.md` describes each."""

from collections.abc import Mapping, Sequence
from typing import Literal, NotRequired, TypedDict

SegmentType = Literal["identify", "track", "page", "screen", "alias", "group"]
Fact = float | str | bool | None
"""One fact of the moment."""


class Who(TypedDict, total=False):
    """A customer: exactly one of these."""

    customer_id: str
    user_id: str
    anonymous_id: str
    email: str
    phone: str
    loyalty_id: str


class Decide(TypedDict, total=False):
    """Of a decision; `request_id` makes it idempotent (a new one by default)."""

    request_id: str
    channel: str
    session: str
    context: Mapping[str, Fact]
    limit: int
    explain: int


class Outcome(TypedDict):
    """One fact observed about one action of one decision; money is a decimal string with its currency."""

    outcome_id: str
    decision_id: str
    action: str
    type: Literal["impression", "click", "accept", "reject", "dismiss", "conversion"]
    occurred_at: str
    treatment: NotRequired[str]
    amount: NotRequired[str]
    currency: NotRequired[str]


class WhatIf(TypedDict, total=False):
    """What is supposed to have been otherwise in a past decision."""

    placement: str
    features: Mapping[str, Fact]
    context: Mapping[str, Fact]
    levers: Mapping[str, float]


class Look(TypedDict, total=False):
    """Of a profile."""

    as_of: str
    losing: bool
    consent_history: bool


class Consent(TypedDict):
    """One answer of a customer about consent; a yes names the text that was agreed to."""

    consent_id: str
    purpose: str
    granted: bool
    method: str
    text: NotRequired[Mapping[str, str]]
    channel: NotRequired[str]
    occurred_at: NotRequired[str]


class Hold(TypedDict):
    """A hold that sales or service set on a customer."""

    hold_id: str
    hold: str
    issues: NotRequired[Sequence[str]]
    until: NotRequired[str]
    released: NotRequired[bool]


class Retrain(TypedDict, total=False):
    """Of a retraining."""

    promote: bool
    if_needed: bool
