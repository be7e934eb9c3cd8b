"""What can be proposed: actions, and the treatments that render them in a channel."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

NO_ACTION = "no_action"
"""The reserved action: doing nothing. Value and cost 0, a probability like any other."""
CONDITIONS = ("eligibility", "applicability", "suitability")
"""The fields of an action that are conditions, in the order in which they are looked at; the stages they make."""


@dataclass(frozen=True, slots=True)
class Treatment:
    """How an action is rendered in one channel.

    Parameters: `name`, unique within its action; `channel`; `cost` of one contact, in the catalogue's currency;
    `placements` that may show it (empty: every placement of the channel); `cost_formula`, the customer's own cost ("":
    `cost`), of which `cost` is then what is usual; `wait`, how long it is held back, and `send_hour`, the full
    hour of the customer's day at which it then goes out (None: any).
    """

    name: str
    channel: str
    cost: float = 0.0
    placements: frozenset[str] = frozenset()
    cost_formula: str = ""
    wait: timedelta = timedelta(0)
    send_hour: int | None = None

    @property
    def is_put_off(self) -> bool:
        """Whether it goes out later than it is decided."""
        return bool(self.wait) or self.send_hour is not None

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
    factor; `conversion` is the event that counts as its success, whether it was shown or not; `valid_from` and
    `valid_until` (that moment excluded) bound when it may be proposed; what is `transactional` (a receipt, a security
    notice) no cap, rest, hold or quiet hour stops, but its contacts count; `value_formula` is the customer's own value
    ("": `value`), of which `value` is then what is usual: models and overviews go by that; what is `mandatory` takes
    the first ranks, is never explored, and is for every holdout arm; a `bundle` offers the actions named there as one.
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
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    transactional: bool = False
    value_formula: str = ""
    mandatory: bool = False
    bundle: tuple[str, ...] = ()

    def out_of_date(self, now: datetime) -> str | None:
        """Why it may not be proposed now, in words; None where it may.

        >>> from datetime import UTC
        >>> Action("sale", "grow", "sales", (), 1.0, valid_until=datetime(2026, 12, 1, tzinfo=UTC)).out_of_date(
        ...     datetime(2026, 12, 1, tzinfo=UTC)
        ... )
        'valid until 2026-12-01T00:00:00+00:00'
        """
        if self.valid_from is not None and now < self.valid_from:
            return f"valid from {self.valid_from.isoformat()}"
        if self.valid_until is not None and now >= self.valid_until:
            return f"valid until {self.valid_until.isoformat()}"
        return None
