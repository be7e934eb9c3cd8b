"""Limits on contact over time: caps within rolling and calendar periods, and rests after outcomes."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from decisioning.catalog import ContactPolicy, Rest
from decisioning.customer import Answer, Contact, ContactHistory
from decisioning.local_time import beginning
from decisioning.ports import Candidate

CapKey = tuple[int, str]
"""What one cap counts together: the cap's place in the policy, and the action, group, channel or ("") customer."""


_NAME: Mapping[str, Callable[[Contact], str]] = {
    "action": attrgetter("action"),
    "group": attrgetter("group"),
    "channel": attrgetter("channel"),
    "customer": lambda _: "",
}
"""What a cap of each scope counts a contact under."""


def cap_keys(policy: ContactPolicy, candidate: Candidate) -> tuple[CapKey, ...]:
    """Under which keys a contact with this candidate counts, for the caps that concern it, in the policy's order."""
    action, channel = candidate.action, candidate.treatment.channel
    names = {"action": action.name, "group": action.group, "channel": channel, "customer": ""}
    keys = (names[cap.scope] for cap in policy.caps)
    return tuple(
        (place, key) for place, (cap, key) in enumerate(zip(policy.caps, keys, strict=True)) if cap.only in ("", key)
    )


@dataclass(frozen=True, slots=True)
class Limits:
    """What is left of every cap and rest for one customer at one moment.

    Parameters: `used` counts the contacts of each key within its cap's period; `resting` holds (scope, name) of what is
    left alone, with the rule's words.
    """

    policy: ContactPolicy
    used: Mapping[CapKey, int]
    resting: Mapping[tuple[str, str], str]

    def exhausted(self, keys: Iterable[CapKey]) -> list[CapKey]:
        """Those of the keys of which nothing is left, in the order given."""
        used, caps = self.used, self.policy.caps
        return [key for key in keys if used.get(key, 0) >= caps[key[0]].at_most]

    def words(self, key: CapKey) -> str:
        """The cap of a key, in words."""
        cap = self.policy.caps[key[0]]
        return f"{cap.scope} cap of {cap.at_most} {cap.period}"

    def rest(self, candidate: Candidate) -> str | None:
        """The rest that covers this candidate, in words; None where there is none."""
        action = candidate.action
        return self.resting.get(("action", action.name)) or self.resting.get(("group", action.group))


class Count:
    """What was used of caps, while a list is drawn. Parameters: `limits`, what there is at first."""

    def __init__(self, limits: Limits) -> None:
        self._used = dict(limits.used)
        self._caps = limits.policy.caps

    def take(self, keys: Iterable[CapKey]) -> list[CapKey]:
        """Count a contact under its `cap_keys`; those of which nothing is left then."""
        used, caps, exhausted = self._used, self._caps, []
        for key in keys:
            used[key] = n = used.get(key, 0) + 1
            if n >= caps[key[0]].at_most:
                exhausted.append(key)
        return exhausted


def _used(policy: ContactPolicy, contacts: Sequence[Contact], *, now: datetime, local: datetime) -> dict[CapKey, int]:
    counting = [contact for contact in contacts if contact.counts(now)]
    used = dict[CapKey, int]()
    for place, cap in enumerate(policy.caps if counting else ()):
        if cap.per:
            begins = beginning(cap.per, local)
            within = [contact for contact in counting if contact.at >= begins]
        else:
            within = [contact for contact in counting if now - contact.at < cap.within]
        for name, n in Counter(map(_NAME[cap.scope], within)).items():
            used[place, name] = n
    return used


def _name(rest: Rest, answer: Answer) -> str:
    return answer.action if rest.scope == "action" else answer.group


def _resting(rest: Rest, answers: Sequence[Answer], *, now: datetime) -> dict[tuple[str, str], str]:
    given: dict[str, list[datetime]] = {}
    for answer in answers:
        if answer.type == rest.after:
            given.setdefault(_name(rest, answer), []).append(answer.at)
    words = f"{rest.rest.days} days of rest after {rest.times} × {rest.after}"
    return {(rest.scope, name): words for name, times in given.items() if _rests(rest, times, now=now)}


def _rests(rest: Rest, times: list[datetime], *, now: datetime) -> bool:
    """Whether some run of `rest.times` answers within the period ended less than the rest ago."""
    ordered = sorted(times)
    runs = zip(ordered, ordered[rest.times - 1 :], strict=False)
    return any(last - first < rest.within and now - last < rest.rest for first, last in runs)


def limits(policy: ContactPolicy, history: ContactHistory, *, now: datetime, local: datetime | None = None) -> Limits:
    """What is left for a customer with this history: every cap counted, every rest looked up.

    Parameters: `local`, the moment on the customer's clock, whose calendar caps look at (default: `now`).
    """
    resting: dict[tuple[str, str], str] = {}
    for rest in policy.rests:
        resting |= _resting(rest, history.answers, now=now)
    return Limits(policy, _used(policy, history.contacts, now=now, local=local or now), resting)
