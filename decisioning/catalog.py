"""The catalogue: every action, channel, placement and limit that decisions are made from, versioned by content."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Literal

from decisioning.action import Action
from decisioning.arbitration import Mode, Tie
from decisioning.exclusive import Exclusive
from decisioning.local_time import LONGEST, Period
from decisioning.pool import Pool
from decisioning.trigger import Trigger
from decisioning.variant import VariantTest
from decisioning.variety import Variety

Consent = Literal["none", "opt_in", "opt_out"]
"""What a channel needs for a purpose: nothing, an explicit yes, or the absence of a no."""

Sticky = Literal["", "session", "customer"]
"""Whether draws are anew in each decision, or the same within a session or for a customer."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a customer is met.

    Parameters: `outbound` is true where we reach out (an outbound decision is a contact at once); `consent` is what the
    channel needs for purposes that need consent at all; `capacity`, how many contacts it carries (None: any number);
    `explore` false turns exploration off on all of it.
    """

    name: str
    outbound: bool = False
    consent: Consent = "opt_out"
    capacity: Pool | None = None
    explore: bool = True


@dataclass(frozen=True, slots=True)
class Placement:
    """The slot to fill.

    Parameters: `must_fill` leaves `no_action` out; `impressions` says whether the channel reports what it showed or
    whether a decision implies it; `reservation` is how long a decision holds its contacts unconfirmed; `limit` is how
    many actions it shows where no number is asked for; `explore` false turns exploration off; `fallback`, the action
    that is offered where nothing else may be, and only then ("": none); `most_per_group` and `least_groups`, see
    `Variety`.
    """

    name: str
    channel: str
    must_fill: bool = False
    impressions: Literal["reported", "implied"] = "reported"
    reservation: timedelta = timedelta(seconds=1800)
    limit: int = 3
    explore: bool = True
    fallback: str = ""
    most_per_group: int | None = None
    least_groups: int = 0

    @property
    def variety(self) -> Variety:
        """What it asks of its lists."""
        return Variety(self.most_per_group, self.least_groups)


@dataclass(frozen=True, slots=True)
class Cap:
    """At most so many contacts within a rolling period, or within a day, week or month of the customer's calendar.

    Parameters: `scope` is what is counted together: each action, each group, each channel, or the whole customer;
    `only` names the one action, group or channel it holds for ("" for each of them); `per`, a calendar period in the
    place of `within`.
    """

    scope: Literal["action", "group", "channel", "customer"]
    at_most: int
    within: timedelta = timedelta(0)
    only: str = ""
    per: Period | None = None

    @property
    def period(self) -> str:
        """How long it counts, in words.

        >>> Cap("channel", 2, timedelta(days=7)).period, Cap("channel", 2, per="week").period
        ('within 7 days', 'per week')
        """
        return f"per {self.per}" if self.per else f"within {self.within.days} days"

    @property
    def memory(self) -> timedelta:
        """How far back it looks at most."""
        return LONGEST[self.per] if self.per else self.within


@dataclass(frozen=True, slots=True)
class QuietHours:
    """Hours of the customer's day in which they are not reached out to.

    Parameters: `starts` and `ends` (that moment excluded), local; it may begin in the evening and end in the morning;
    `channels` that are quiet (() for every outbound one).
    """

    starts: time
    ends: time
    channels: tuple[str, ...] = ()

    def covers(self, local: datetime) -> bool:
        """Whether a local moment lies within.

        >>> QuietHours(time(21), time(8)).covers(datetime(2026, 6, 1, 23, 30))
        True
        """
        now = local.time()
        if self.starts <= self.ends:
            return self.starts <= now < self.ends
        return now >= self.starts or now < self.ends

    def hushes(self, channel: Channel) -> bool:
        """Whether a channel is quiet then."""
        return channel.name in self.channels if self.channels else channel.outbound


def is_always_quiet(several: Sequence[QuietHours]) -> bool:
    """Whether quiet hours of one channel leave no time of a day: whenever one window ends, another is under way.

    >>> is_always_quiet([QuietHours(time(8), time(22)), QuietHours(time(21), time(9))]), is_always_quiet([])
    (True, False)
    """
    ends = [datetime.combine(datetime.min, hours.ends) for hours in several]
    return bool(several) and all(any(hours.covers(end) for hours in several) for end in ends)


@dataclass(frozen=True, slots=True)
class Rest:
    """After so many outcomes of one type, the action (or its group) is left alone for a while.

    Parameters: `after`, an outcome type such as `reject`; `times` within `within`; `rest`, counted from the last one.
    """

    after: str
    times: int
    within: timedelta
    rest: timedelta
    scope: Literal["action", "group"] = "action"


@dataclass(frozen=True, slots=True)
class Hold:
    """While a condition is true of the customer, some issues are not spoken of.

    Parameters: `name`, shown as the reason; `condition` text; `issues` held ("" tuple: every issue).
    """

    name: str
    condition: str
    issues: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ContactPolicy:
    """Limits on contact over time: caps, rests after outcomes, holds, quiet hours.

    Parameters: `time_zone_feature` names the customer's time zone, `time_zone` is that of everybody else; calendar
    periods and quiet hours are of that clock; `exclusive`, sets of actions that exclude one another.
    """

    caps: tuple[Cap, ...] = ()
    rests: tuple[Rest, ...] = ()
    holds: tuple[Hold, ...] = ()
    quiet_hours: tuple[QuietHours, ...] = ()
    time_zone: str = "UTC"
    time_zone_feature: str = ""
    exclusive: tuple[Exclusive, ...] = field(default=(), repr=False)

    @property
    def memory(self) -> timedelta:
        """The longest time that any limit looks back."""
        spans = [cap.memory for cap in self.caps] + [rest.within + rest.rest for rest in self.rests]
        spans += [each.within for each in self.exclusive]
        return max(spans, default=timedelta(0))


@dataclass(frozen=True, slots=True)
class Exploration:
    """How much deliberate randomness.

    Parameters: `epsilon` with a bundle, `epsilon_without_bundle` before the first one; `sticky`, for whom a placement's
    draws stay the same: within a session, or always for a customer ("": each decision draws anew); `temperature`, in
    the unit of priorities, of a softmax that draws what `epsilon` leaves (0.0: the best is shown).
    """

    epsilon: float = 0.05
    epsilon_without_bundle: float = 1.0
    sticky: Sticky = field(default="", repr=False)
    temperature: float = field(default=0.0, repr=False)


@dataclass(frozen=True, slots=True)
class HoldoutArms:
    """The measured alternatives, as shares of customers; the rest is `nba`."""

    salt: str = "tsugi"
    shares: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ContextWeight:
    """While a condition over the request's context is true, an issue's priority is multiplied."""

    issue: str
    condition: str
    weight: float


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything a decision may choose from, and the rules it keeps. Built by `catalog_file.read_catalog`.

    Parameters: `version` is the hash of the content; `purposes` says which purposes need consent
    (a purpose not named needs it); `arbitration`, of issues that `arbitration_by_issue` does not name;
    `priority_formula`, of the mode `custom`; `tie_break`, what decides between equal priorities, before the name;
    `tests` of variants.
    """

    version: str
    currency: str
    actions: Mapping[str, Action]
    channels: Mapping[str, Channel]
    placements: Mapping[str, Placement]
    purposes: Mapping[str, bool] = field(default_factory=dict)
    contact_policy: ContactPolicy = ContactPolicy()
    arbitration: Mode = "incremental_value"
    priority_formula: str = ""
    arbitration_by_issue: Mapping[str, Mode] = field(default_factory=dict)
    tie_break: tuple[Tie, ...] = ()
    exploration: Exploration = Exploration()
    holdout: HoldoutArms = HoldoutArms()
    context_weights: tuple[ContextWeight, ...] = ()
    triggers: Mapping[str, Trigger] = field(default_factory=dict)
    budgets: Mapping[str, Pool] = field(default_factory=dict)
    inventories: Mapping[str, Pool] = field(default_factory=dict)
    tests: Mapping[str, VariantTest] = field(default_factory=dict)

    @property
    def pools(self) -> tuple[Pool, ...]:
        """Budgets, inventories and the capacities of channels: what all customers draw from together."""
        capacities = [each.capacity for each in self.channels.values() if each.capacity]
        return (*self.budgets.values(), *self.inventories.values(), *capacities)

    def needs_consent(self, purpose: str) -> bool:
        """Whether contact for this purpose needs the channel's consent rule; an undeclared purpose does."""
        return self.purposes.get(purpose, True)
