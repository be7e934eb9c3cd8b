"""A plain reading of all that ever happened in the shop of `shop_over_time.yaml`, and of what may be said to whom.

It keeps lists, looks through all of them at every question, and has the shop's rules written out once more by hand.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
ACTIONS = {
    "tea": ("grow", "drinks", "marketing", {"web": 0.1, "email": 0.02, "app": 0.0}),
    "coffee": ("grow", "drinks", "marketing", {"web": 0.5, "app": 0.25}),
    "cake": ("grow", "food", "marketing", {"web": 0.3, "email": 0.7}),
    "mug": ("keep", "things", "marketing", {"web": 0.0, "email": 0.0, "app": 0.0}),
    "club": ("keep", "things", "marketing", {"web": 0.0, "app": 0.0}),
    "greeting": ("care", "service", "service", {"web": 0.0, "email": 0.0, "app": 0.0}),
    "receipt": ("care", "service", "service", {"web": 0.0, "email": 0.0}),
}
"""Issue, group, purpose, and what a contact costs by channel."""
PLACEMENTS = {
    "web_home": ("web", timedelta(seconds=1800), 2),
    "web_side": ("web", None, 1),
    "newsletter": ("email", None, 1),
    "app_home": ("app", timedelta(seconds=7200), 3),
}
"""Channel, how long a contact is reserved (None: it is shown at once), how many actions are shown."""
CAPS = [
    ("action", "tea", 1, 2 * DAY),
    ("group", "drinks", 2, "week"),
    ("channel", "email", 2, "day"),
    ("customer", "", 7, 2 * DAY),
]
RESTS = [("reject", 2, 10 * DAY, 5 * DAY, "action"), ("dismiss", 3, 7 * DAY, 2 * DAY, "group")]
SWEET = {"cake", "mug"}
POOLS = {"budget": ("week", 1_500_000), "inventory": (None, 8), "capacity": ("day", 4)}


def began(period: str, now: datetime) -> datetime:
    """When a day or a week began in Berlin."""
    midnight = now.astimezone(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=midnight.weekday()) if period == "week" else midnight


def is_quiet(channel: str, now: datetime) -> bool:
    """Whether nothing may be sent there now."""
    clock = f"{now.astimezone(BERLIN):%H:%M}"
    return channel == "email" and (clock >= "22:00" or clock < "07:30")


def sent_at(treatment: str, now: datetime) -> datetime:
    """When a treatment goes out that is decided now: the first nine o'clock after a day, or at once."""
    if treatment != "tomorrow":
        return now
    nines = ((now + day * DAY).astimezone(BERLIN).replace(hour=9, minute=0, second=0, microsecond=0) for day in (1, 2))
    return next(nine for nine in nines if nine >= now + DAY)


def taken_of_pools(action: str, channel: str) -> dict[str, int]:
    """What one contact takes of the budget in millionths, of the mugs, and of the day's mail."""
    money = {"budget": round(ACTIONS[action][3][channel] * 1e6)} if action in ("coffee", "cake") else {}
    mugs = {"inventory": 1} if action == "mug" else {}
    return money | mugs | ({"capacity": 1} if channel == "email" else {})


@dataclass
class Contact:
    """An action that a decision showed, or may have shown; `shown_at` None: nobody has said so."""

    action: str
    channel: str
    decided_at: datetime
    expires_at: datetime
    shown_at: datetime | None
    is_lost: bool = False

    @property
    def at(self) -> datetime:
        return self.shown_at or self.decided_at

    @property
    def expires_for_pools(self) -> datetime:
        """Pools keep a reservation to the next full minute."""
        return -(-self.expires_at.timestamp() // 60) * 60

    def counts(self, now: datetime) -> bool:
        return self.shown_at is not None or now < self.expires_at

    def takes(self, now: datetime) -> bool:
        return self.shown_at is not None or self.is_lost or now.timestamp() < self.expires_for_pools

    def named(self, scope: str) -> str:
        return {"action": self.action, "group": ACTIONS[self.action][1], "channel": self.channel, "customer": ""}[scope]


@dataclass
class Person:
    """All that one customer said and did. Parameters: `holds`, by name what was said of each last."""

    views: list[datetime] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    answers: list[tuple[str, str, datetime]] = field(default_factory=list)
    consents: dict[tuple[str, str], bool] = field(default_factory=dict)
    holds: dict[str, tuple[datetime, bool, list[str], datetime | None]] = field(default_factory=dict)

    def absorb(self, other: "Person") -> None:
        """Be one with another: of two answers the no counts, of two holds of one name the newer one."""
        for key, said in other.consents.items():
            self.consents[key] = said and self.consents.get(key, True)
        for name, hold in other.holds.items():
            self.holds[name] = max(hold, self.holds.get(name, hold), key=lambda each: each[0])
        self.views += other.views
        self.contacts += other.contacts
        self.answers += other.answers


@dataclass
class Shop:
    """Who there is. Parameters: `people` by identifier; `contacts`, all there ever were, by decision and action."""

    people: dict[tuple[str, str], Person] = field(default_factory=dict)
    contacts: dict[tuple[str, str], tuple[Person, Contact]] = field(default_factory=dict)

    def who(self, identifier: tuple[str, str]) -> Person:
        return self.people.setdefault(identifier, Person())

    def merge(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        mine, theirs = self.who(one), self.who(other)
        if mine is theirs:
            return
        mine.absorb(theirs)
        self.people = {name: mine if each is theirs else each for name, each in self.people.items()}
        self.contacts = {at: (mine if who is theirs else who, each) for at, (who, each) in self.contacts.items()}

    def erase(self, identifier: tuple[str, str], now: datetime) -> None:
        """Forget somebody; what was reserved for them can never be reported, so pools do not get it back."""
        gone = self.people[identifier]
        for contact in gone.contacts:
            contact.is_lost = now.timestamp() < contact.expires_for_pools
        self.people = {name: each for name, each in self.people.items() if each is not gone}

    def is_known(self, decision_id: str, action: str) -> bool:
        """Whether whoever was shown this has not been erased."""
        return any(each is self.contacts[decision_id, action][0] for each in self.people.values())

    def show(self, who: Person, shown: dict[str, Any], placement: str, decision_id: str, now: datetime) -> None:
        """Take in what a decision shows, as its answer says it; what is sent later is shown then."""
        channel, reserved, _ = PLACEMENTS[placement]
        action, at = shown["action"], sent_at(shown["treatment"], now)
        assert shown["send_at"] == (None if at == now else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
        assert at > now or action == "receipt" or not is_quiet(channel, now)
        contact = Contact(action, channel, now, now + (reserved or timedelta(0)), None if reserved else at)
        who.contacts.append(contact)
        self.contacts[decision_id, action] = who, contact

    def tell(self, decision_id: str, action: str, kind: str, at: datetime) -> None:
        """Take an outcome in."""
        who, contact = self.contacts[decision_id, action]
        if kind == "impression":
            contact.shown_at = min(at, contact.shown_at or at)
        else:
            who.answers.append((action, kind, at))

    def stages(self, who: Person, placement: str, now: datetime, taken: Iterable[str] = ()) -> dict[str, str | None]:
        """What stops each action; None: nothing does. Parameters: `taken`, shown in other placements of the call."""
        found = {name: self.stage(who, name, placement, now, taken) for name in ACTIONS}
        n_passed = list(found.values()).count(None)
        if placement == "app_home" and n_passed > 1 and found["greeting"] is None:
            found["greeting"] = "fallback"
        return found

    def stage(self, who: Person, action: str, placement: str, now: datetime, taken: Iterable[str] = ()) -> str | None:
        """The first stage that stops an action."""
        channel, shown = PLACEMENTS[placement][0], set(taken)
        if channel not in ACTIONS[action][3]:
            return "placement"
        if action in shown or (action in SWEET and shown & SWEET):
            return "elsewhere"
        if action == "club" and sum(0.5 ** ((now - at) / (7 * DAY)) for at in who.views) < 1.5:
            return "eligibility"
        if ACTIONS[action][2] == "marketing" and not _agrees(who, channel):
            return "consent"
        stopped = None if action == "receipt" else _unwelcome(who, action, channel, now)
        return stopped or self._short(action, channel, now)

    def _short(self, action: str, channel: str, now: datetime) -> str | None:
        for kind, units in taken_of_pools(action, channel).items():
            period, most = POOLS[kind]
            used = [
                taken_of_pools(each.action, each.channel).get(kind, 0)
                for _, each in self.contacts.values()
                if each.takes(now) and (period is None or each.decided_at >= began(period, now))
            ]
            if units and sum(used) + units > most:
                return kind
        return None


def _agrees(who: Person, channel: str) -> bool:
    said = [who.consents.get(("marketing", on)) for on in (channel, "")]
    return False not in said and (channel != "email" or True in said)


def _unwelcome(who: Person, action: str, channel: str, now: datetime) -> str | None:
    if _is_held(who, ACTIONS[action][0], now):
        return "hold"
    if is_quiet(channel, now) and action != "tea":
        return "quiet"
    if any(_rests(who, action, rule, now) for rule in RESTS):
        return "rest"
    if any(_is_reached(who, action, channel, rule, now) for rule in CAPS):
        return "cap"
    sweets = {each.action for each in who.contacts if each.counts(now) and now - each.at < DAY} & SWEET
    return "exclusive" if action in SWEET and sweets - {action} else None


def _is_held(who: Person, issue: str, now: datetime) -> bool:
    standing = [issues for _, held, issues, until in who.holds.values() if held and (until is None or now < until)]
    return any(not issues or issue in issues for issues in standing)


def _rests(who: Person, action: str, rule: tuple[str, int, timedelta, timedelta, str], now: datetime) -> bool:
    after, times, within, rest, scope = rule
    mine = [each for each in ACTIONS if each == action or (scope == "group" and ACTIONS[each][1] == ACTIONS[action][1])]
    at = sorted(when for name, kind, when in who.answers if kind == after and name in mine)
    return any(at[last] - at[last - times + 1] < within and now - at[last] < rest for last in range(times - 1, len(at)))


def _is_reached(
    who: Person, action: str, channel: str, rule: tuple[str, str, int, timedelta | str], now: datetime
) -> bool:
    scope, only, most, during = rule
    mine = Contact(action, channel, now, now, now).named(scope)
    counted = [each for each in who.contacts if each.counts(now) and each.named(scope) == mine]
    recent = [
        each
        for each in counted
        if (each.at >= began(during, now) if isinstance(during, str) else now - each.at < during)
    ]
    return only in ("", mine) and len(recent) >= most
