"""The shapes of answers, for the documentation and for tests: what is rendered must validate against them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]


class Answered(BaseModel):
    """An answer; nothing is added silently."""

    model_config = ConfigDict(extra="forbid")


class ErrorDetail(Answered):
    """What went wrong: a stable code, a message for people, the path of the offending field."""

    code: str
    message: str
    field: str | None


class ErrorAnswer(Answered):
    """Every error."""

    error: ErrorDetail


class SegmentErrorAnswer(ErrorAnswer):
    """Every error of a Segment route: code and message also at the top level."""

    code: str
    message: str


class Money(Answered):
    """An amount as a decimal string, with its currency."""

    amount: Annotated[str, Field(pattern=r"^-?[0-9]+\.[0-9]{2,}$")]
    currency: str


class RankedAnswer(Answered):
    """One ranked action with the factors of its priority; uplift is null without randomised evidence."""

    rank: int
    action: str
    treatment: str
    channel: str
    propensity: Probability
    uplift: float | None
    value: Money
    cost: Money
    context_weight: float
    lever: float
    priority: float
    action_probability: Probability
    rank_probability: Probability
    reasons: list[str]
    send_at: str | None = Field(description="when the treatment goes out, RFC 3339; null: at once")


class VersionsAnswer(Answered):
    """What decided; bundle `none` before the first one."""

    catalog: str
    bundle: str
    policy: str


class DecisionHead(Answered):
    """Which decision, for whom, when and where; `variants`, by test, where the customer is in any."""

    decision_id: str
    request_id: str
    customer_id: str
    decided_at: str
    channel: str
    placement: str
    arm: str
    variants: dict[str, str] | None = None


class DecisionAnswer(DecisionHead):
    """One decision. `excluded` counts actions by the first stage that stopped them.

    `further`, where several placements were asked for: the decisions for those after the first.
    """

    degraded: bool
    degraded_reasons: list[str]
    chosen: str
    ranked: list[RankedAnswer]
    excluded: dict[str, int]
    versions: VersionsAnswer
    further: list["DecisionAnswer"] | None = None


class RejectedAnswer(Answered):
    """One refused element of a batch: its place from 0, a stable code, the field."""

    index: int
    code: str
    field: str


class EventsAnswer(Answered):
    """What became of the events."""

    accepted: int
    duplicates: int
    rejected: list[RejectedAnswer]


class OutcomesAnswer(EventsAnswer):
    """What became of the outcomes.

    Quarantined ones wait for a decision that is not known yet; late impressions came after their reservation was
    released, and count all the same.
    """

    quarantined: int
    late_impressions: list[str]


class TreatmentAnswer(Answered):
    """How an action is rendered; no placements: every placement of the channel.

    Where there is a `cost_formula`, a contact costs the customer's own amount, and `cost` is what is usual.
    """

    treatment: str
    channel: str
    cost: Money
    cost_formula: str
    placements: list[str]


class ActionAnswer(Answered):
    """One action of the catalogue.

    Where there is a `value_formula`, an acceptance is worth the customer's own amount, and `value` is what is usual.
    """

    action: str
    issue: str
    group: str
    purpose: str
    value: Money
    value_formula: str
    window_days: float
    eligibility: str
    applicability: str
    suitability: str
    treatments: list[TreatmentAnswer]


class ActionsAnswer(Answered):
    """The catalogue that serves now: how it ranks, and what it ranks.

    `arbitration` is that of the issues that `arbitration_by_issue` does not name; `priority_formula` is of `custom`.
    """

    version: str
    arbitration: str
    arbitration_by_issue: dict[str, str]
    priority_formula: str
    actions: list[ActionAnswer]


class ConsentAnswer(Answered):
    """The answer for a purpose on a channel, and its proof; the empty channel stands for all of them."""

    purpose: str
    channel: str
    granted: bool
    occurred_at: str
    received_at: str
    source: str
    message_id: str
    method: str | None
    text: dict[str, str]


class ConsentReceiptAnswer(Answered):
    """One answer recorded, or known already (`duplicate`), and what stands for its customer now."""

    consent_id: str
    duplicate: bool
    customer_id: str
    consents: list[ConsentAnswer]


class LiveAnswer(Answered):
    """The process answers."""

    status: Literal["live"]


class ReadyAnswer(Answered):
    """Whether decisions can be made, and from what; `refused` names new versions that were not taken over."""

    status: Literal["ready", "unready"]
    bundle: str
    catalog: str
    feature_store: Literal["readable", "unreadable"]
    ledger: Literal["writable", "unwritable"]
    refused: list[str]


class ContractAnswer(BaseModel):
    """An OpenAPI 3.1 document."""

    model_config = ConfigDict(extra="allow")

    openapi: Literal["3.1.0"]
