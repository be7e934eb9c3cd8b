"""Random lives of a few customers in households and accounts, and what their groups must tell: read from raw events."""

from datetime import UTC, datetime

from feature_shop import FEATURES as STANDARD

from features.fact import Fact
from features.feature_set import FeatureSet
from features.group.primitive import OfGroup
from features.group.standard import LOWEST, TOGETHER, GroupKind, GroupTrait, group_features
from features.instant import to_us
from features.replay import replay

PLANS = ("free", "team")
PLAN = GroupTrait("plan", "what they pay for", PLANS, "free", "service")
KINDS = (
    GroupKind("household"),
    GroupKind("account", ("orders", *TOGETHER), LOWEST, (PLAN,), needs_yes=False),
)
OWN = tuple(feature for feature in STANDARD.features if not isinstance(feature.primitive, OfGroup))
FEATURES = FeatureSet((*OWN, *group_features(KINDS, OWN)))
GROUPED = tuple(feature.name for feature in FEATURES.features if isinstance(feature.primitive, OfGroup))
_ALONE = FeatureSet(OWN)
_GROUPS = {"h-0": "household", "h-1": "household", "acme": "account", "club": None}
_NAMES = ("Product Viewed", "Order Completed", "Order Refunded", "Ticket Opened", "Ticket Solved", "Survey Answered")


def an_event(chance, user: str) -> dict:
    """Something that a customer does: joins a group, leaves it, tells of it, consents, objects, or acts."""
    person, kind = {"userId": user}, chance.random()
    if kind < 0.3:
        group = chance.choice(["h-0", "h-0", "h-1", "acme", "acme", "club"])
        traits = {"size": chance.choice([2, 3, "?"]), "plan": chance.choice([*PLANS, "?"]), "type": _GROUPS[group]}
        told = {name: value for name, value in traits.items() if value is not None and chance.random() < 0.7}
        leaves = {"member": False} if chance.random() < 0.1 else {}
        return person | {"type": "group", "groupId": group, "traits": told | leaves}
    if kind < 0.55:
        said = {"purpose": chance.choice(["profiling", "service"]), "granted": chance.random() < 0.9}
        channel = {"channel": "email"} if chance.random() < 0.2 else {}
        return person | {"type": "track", "event": "Consent Updated", "properties": said | channel}
    bought = {"revenue": round(chance.uniform(1, 99), 2), "nps": chance.randrange(11), "category": "tea"}
    return person | {"type": "track", "event": chance.choice(_NAMES), "properties": bought}


def oracle(told, user: str, now: datetime) -> dict:
    """What the groups of a customer tell, straight from the events: slow, and nothing of it is shared with the code."""
    values = {name: FEATURES.defaults()[name] for name in GROUPED}
    for kind in KINDS:
        group = _group_of(told, user, kind.name)
        if group is not None:
            values |= _of_group(told, user, (kind, group), now)
    return values


def _of_group(told, user, kind_and_group, now) -> dict:
    kind, group = kind_and_group
    members = [each for each in sorted({event["userId"] for event in told}) if _is_member(told, each, group)]
    lives = _Lives(told, now)
    found = {}
    for feature in (feature for feature in FEATURES.features if feature.name in GROUPED):
        made = feature.primitive
        if made.group != kind.name:
            continue
        if made.how == "trait":
            found[feature.name] = _trait(feature, _traits(told, group).get(made.of))
            continue
        count = [m for m in members if m == user or all(_allows(told, m, p, kind.needs_yes) for p in feature.purposes)]
        if made.how == "members":
            found[feature.name] = float(len(count))
        elif made.how == "together":
            found[feature.name] = lives.of(count)[made.of]
        else:
            found[feature.name] = min((v for m in count if (v := lives.of([m])[made.of]) is not None), default=None)
    return found


class _Lives:
    """The features of some customers as if they were one."""

    def __init__(self, told, now):
        self._told, self._now, self._found = told, now, {}

    def of(self, users):
        return self._found.get(tuple(users)) or self._read(tuple(users))

    def _read(self, users):
        facts = [
            Fact(event["type"], event.get("event", ""), event.get("properties", {}), _us(event), _us(event))
            for event in self._told
            if event["userId"] in users
        ]
        self._found[users] = _ALONE.values(replay(facts, _ALONE), now_us=to_us(self._now))
        return self._found[users]


def _us(event) -> int:
    return to_us(datetime.fromisoformat(event["timestamp"]).astimezone(UTC))


def _newest(events):
    return max(events, key=lambda event: (_us(event), event["messageId"]), default=None)


def _calls(told, group=None):
    return [e for e in told if e["type"] == "group" and group in (None, e["groupId"])]


def _is_member(told, user, group) -> bool:
    call = _newest([event for event in _calls(told, group) if event["userId"] == user])
    return call is not None and call["traits"].get("member", True)


def _traits(told, group) -> dict:
    names = {name for event in _calls(told, group) for name in event["traits"]}
    return {n: _newest([e for e in _calls(told, group) if n in e["traits"]])["traits"][n] for n in names}


def _group_of(told, user, kind):
    """The group of a kind that a customer was told to be of last."""
    calls = [
        _newest([event for event in _calls(told, group) if event["userId"] == user])
        for group in sorted({event["groupId"] for event in _calls(told)})
        if _is_member(told, user, group) and _traits(told, group).get("type") == kind
    ]
    return _newest(calls)["groupId"] if calls else None


def _allows(told, user, purpose, needs_yes) -> bool:
    stands = {}
    for event in sorted(told, key=lambda e: (_us(e), not e.get("properties", {}).get("granted"), e["messageId"])):
        if event["userId"] == user and event.get("event") == "Consent Updated":
            said = event["properties"]
            if said["purpose"] == purpose:
                stands[said.get("channel", "")] = said["granted"]
    return False not in stands.values() and (not needs_yes or stands.get("", False))


def _trait(feature, value):
    if feature.one_of:
        return value if value in feature.one_of else feature.default
    return float(value) if isinstance(value, int) else feature.default
