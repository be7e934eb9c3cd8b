"""The shape of a profile: what is known of one customer, what was planned and sent, and what stands in its way."""

from typing import Any, Literal

from serving.answers import Answered, ConsentAnswer


class IdentifierAnswer(Answered):
    """One identifier of a customer."""

    kind: str
    value: str


class FieldAnswer(Answered):
    """One field of the golden record and its lineage: where it came from, when, and the rule that chose it.

    `raw` is what was sent, where cleansing changed it; `note` says why it could not be cleansed; `by` and `why` are of
    whoever set it by hand; `losing`, where it was asked for, are the other claims, best first.
    """

    value: Any
    source: str
    message_id: str
    occurred_at: str
    rule: str
    raw: Any = None
    cleansed_by: str | None = None
    note: str | None = None
    by: str | None = None
    why: str | None = None
    losing: list["FieldAnswer"] | None = None


class StandingHoldAnswer(Answered):
    """One hold that stands; no issues: every one."""

    name: str
    issues: list[str]
    until: str | None


class ContactAnswer(Answered):
    """What became of one action of a decision; `outcomes` are the types reported of it, in the order of time."""

    action: str
    treatment: str
    state: Literal["planned", "reserved", "sent", "shown", "not_shown", "not_sent"] | None
    send_at: str | None
    outcomes: list[str]


class PlannedAnswer(Answered):
    """What is to come: a message that was decided and is not out (`decision_id`), or a moment to decide at."""

    at: str
    channel: str
    placement: str
    trigger: str | None
    decision_id: str | None
    actions: list[str]


class PastDecisionAnswer(Answered):
    """One recent decision."""

    decision_id: str
    decided_at: str
    channel: str
    placement: str
    chosen: str
    actions: list[str]
    contacts: list[ContactAnswer]


class JourneyStandingAnswer(Answered):
    """Where a customer stands in a journey, since when, and how well it goes, 0 to 100.

    `inactive`: they have been silent for the journey's `inactive_days`, and `since` is when that began.
    """

    journey: str
    stage: str | None
    since: str | None
    inactive: bool
    score: float | None


class GroupAnswer(Answered):
    """A group that a customer belongs to, since when, and how many customers do."""

    group_id: str
    since: str
    members: int
    traits: dict[str, Any]


class ProfileAnswer(Answered):
    """What is known of one customer."""

    customer_id: str
    as_of: str
    identifiers: list[IdentifierAnswer]
    fields: dict[str, FieldAnswer]
    consents: list[ConsentAnswer]
    consent_history: list[ConsentAnswer] | None = None
    features: dict[str, float | str | None]
    groups: list[GroupAnswer]
    journeys: list[JourneyStandingAnswer]
    holds: list[StandingHoldAnswer]
    planned: list[PlannedAnswer]
    decisions: list[PastDecisionAnswer]
