"""The decision: what was asked, what was chosen, and everything needed to explain and replay it.

The use case that makes one is `decisioning.decide`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from decisioning.constraints import Constraints
from decisioning.customer import CustomerReference, FeatureValue


@dataclass(frozen=True, slots=True)
class DecisionRequest:
    """One call: for whom, where, and how many.

    Parameters: `request_id`, the caller's, idempotent; `context`, facts of the moment that conditions may read as
    `context.<name>`; `limit`, at most so many ranked actions (the placement's own limit by default); `prices`, by pool,
    of what contacts take, as an allocation over many customers found them; `taken`, the actions that other placements
    of the same call show; `session`, the digest of the caller's session ("": none was told).
    """

    request_id: str
    customer: CustomerReference
    placement: str
    channel: str
    context: Mapping[str, FeatureValue] = field(default_factory=dict)
    limit: int | None = None
    prices: Mapping[str, float] = field(default_factory=dict)
    taken: tuple[str, ...] = ()
    session: str = ""


@dataclass(frozen=True, slots=True)
class RankedAction:
    """One action of the answer, with the factors of its priority.

    `action_probability` is P(this action takes rank 1); `rank_probability` is P(it takes its rank | the ranks above).
    `uplift` is None where there is no randomised evidence. `send_at`, when the treatment goes out (None: at once).
    """

    rank: int
    action: str
    treatment: str
    channel: str
    propensity: float
    uplift: float | None
    value: float
    cost: float
    context_weight: float
    lever: float
    priority: float
    action_probability: float
    rank_probability: float
    reasons: tuple[str, ...] = ()
    send_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Why an action was not a candidate: the first stage of the funnel that stopped it, and the rule."""

    action: str
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class Versions:
    """What decided: versions of catalogue, bundle and policy."""

    catalog: str
    bundle: str
    policy: str


@dataclass(frozen=True, slots=True)
class Shadow:
    """What a shadowing challenger would have chosen, and P(takes rank 1) of every eligible action under it."""

    bundle: str
    chosen: str
    eligible: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Learned:
    """What a fast layer added to a bundle's scores.

    Parameters: `seq`, of the newest record it had seen; `scores`, (the bundle's own propensity, the SD with which
    propensities were drawn) of every candidate action; `treatments`, in which each was the best.
    """

    seq: int
    scores: Mapping[str, tuple[float, float]]
    treatments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decision:
    """The record of one call of `decide()`.

    Parameters: `chosen`, the action at rank 1 or `no_action`; `eligible`, P(takes rank 1) of every eligible action,
    `no_action` included where it may be chosen; `epsilon`, this decision's exploration rate; `features`, as used;
    `contacts_version`, what the contact history was when it was read; `scores`, (propensity, uplift, priority) of every
    candidate action as used; `limit`, how many ranked actions were asked for (None: the placement's own number);
    `shadow`, what a challenger would have done, where one shadowed;
    `learned`, where a fast layer moved the scores; `constraints`, as they were read (None: recorded before they were);
    `prices`, `taken` and `session`, of the request; `stuck`, what names the draws that it shares with other decisions
    ("": none): of those with one name, only the first was drawn, and the others repeat it; `variants`, by test, the
    customer's own.
    """

    decision_id: str
    request_id: str
    customer_id: str
    reference: CustomerReference
    decided_at: datetime
    channel: str
    placement: str
    arm: str
    epsilon: float
    seed: int
    chosen: str
    ranked: tuple[RankedAction, ...]
    eligible: Mapping[str, float]
    scores: Mapping[str, tuple[float, float | None, float]]
    exclusions: tuple[Exclusion, ...]
    features: Mapping[str, FeatureValue]
    context: Mapping[str, FeatureValue]
    versions: Versions
    contacts_version: int
    degraded: tuple[str, ...] = ()
    limit: int | None = None
    shadow: Shadow | None = None
    learned: Learned | None = None
    constraints: Constraints | None = None
    prices: Mapping[str, float] = field(default_factory=dict)
    taken: tuple[str, ...] = ()
    session: str = ""
    stuck: str = ""
    variants: Mapping[str, str] = field(default_factory=dict)
