"""A generated business as the simulator sees it: what happens, when a channel asks, how customers respond, the truth.

A workspace may bring one: the file that `[simulation] source` names has `create(**options) -> World`. A world knows
nothing of our models, and our models never see its truth.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from decisioning.customer import CustomerReference, FeatureValue
from decisioning.outcome import OutcomeType

SegmentEvent = dict[str, Any]
"""One event in the Segment spec, as a sender would post it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A channel asks for a decision: for whom, where, when."""

    moment_id: str
    reference: CustomerReference
    placement: str
    channel: str
    at: datetime
    context: Mapping[str, FeatureValue]


@dataclass(frozen=True, slots=True)
class Reaction:
    """One outcome of what was shown, to be posted when it occurs."""

    type: OutcomeType
    occurred_at: datetime
    amount: float | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What follows a decision: outcomes of the shown treatment, and events (orders and the like), shown or not."""

    reactions: Sequence[Reaction]
    events: Sequence[SegmentEvent]


@dataclass(frozen=True, slots=True)
class TrueEffect:
    """The truth of one action at one moment.

    Parameters: `shown` and `not_shown`, the expected money (in the goal's terms, before costs) of this action's own
    outcome when it is chosen and when it is not; `cost`, what choosing it costs on average.
    """

    shown: float
    not_shown: float
    cost: float

    @property
    def gain(self) -> float:
        """The true incremental value of choosing the action over doing nothing."""
        return self.shown - self.not_shown - self.cost


class World(Protocol):
    """A seeded business. Equal seeds give equal worlds; a response depends on (customer, moment, action) only."""

    @property
    def opens_at(self) -> datetime:
        """When the history ends and live decisions may begin."""
        ...

    @property
    def closes_at(self) -> datetime:
        """When the simulated time ends."""
        ...

    def history(self) -> Iterator[SegmentEvent]:
        """Every event before `opens_at`, in order of time."""
        ...

    def events(self, since: datetime, until: datetime) -> list[SegmentEvent]:
        """What customers do by themselves in [since, until), in order of time."""
        ...

    def moments(self, since: datetime, until: datetime) -> list[Moment]:
        """When channels ask for a decision in [since, until), in order of time."""
        ...

    def respond(self, moment: Moment, action: str, treatment: str) -> Response:
        """How the customer responds when this action is chosen at this moment (`no_action`, "" for nothing).

        Once called, the world has moved on: what was bought is owned.
        """
        ...

    def truth(self, moment: Moment) -> Mapping[str, TrueEffect]:
        """The truth of every action in the moment's channel at this moment, before it responds (`no_action` is 0)."""
        ...
