"""What can be proposed: actions, and the treatments that render them in a channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

NO_ACTION = "no_action"
"""The reserved action: doing nothing. Value and cost 0, a probability like any other."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """How an action is rendered in one channel.

    Parameters: `name`, unique within its action; `channel`; `cost` of one contact, in the catalogue's currency;
    `placements` that may show it (empty: every placement of the channel).
    """

    name: str
    channel: str
    cost: float = 0.0
    placements: frozenset[str] = frozenset()

    def fits(self, *, channel: str, placement: str) -> bool:
        """Whether this treatment can be shown in the placement of the channel.

        >>> Treatment("banner", "web").fits(channel="web", placement="home")
        True
        >>> Treatment("banner", "web", placements=frozenset({"cart"})).fits(channel="web", placement="home")
        False
        """
        return self.channel == channel and (not self.placements or placement in self.placements)


@dataclass(frozen=True, slots=True)
class Conversion:
    """The event that says an action's aim was reached, shown or not.

    Parameters: `event`, the name of a track event; `where`, properties that must be equal.
    """

    event: str
    where: Mapping[str, str | float | bool] = field(default_factory=dict)

    def matches(self, name: str, properties: Mapping[str, object]) -> bool:
        """Whether the event is this conversion.

        >>> Conversion("Order Completed", {"product": "card"}).matches("Order Completed", {"product": "card"})
        True
        """
        return name == self.event and all(properties.get(key) == wanted for key, wanted in self.where.items())


@dataclass(frozen=True, slots=True)
class Action:
    """What is proposed: an offer, a message, a service act.

    Parameters: `issue` and `group` place it in the catalogue; `value` of one acceptance and treatment costs are in the
    catalogue's currency; `purpose` is what consent is asked for; `eligibility`, `applicability` and `suitability` are
    condition texts ("" is always true); `window` is how long an answer may take; `starting_propensity` and
    `starting_evidence` (a number of imagined contacts) stand in until there is evidence; `lever` is the business's own
    factor; `conversion` is the event that counts as its success, whether it was shown or not.
    """

    name: str
    issue: str
    group: str
    treatments: tuple[Treatment, ...]
    value: float
    purpose: str = "marketing"
    eligibility: str = ""
    applicability: str = ""
    suitability: str = ""
    window: timedelta = timedelta(days=14)
    starting_propensity: float = 0.01
    starting_evidence: float = 100.0
    lever: float = 1.0
    conversion: Conversion | None = None
