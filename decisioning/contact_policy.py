"""Limits on contact over time: caps within rolling periods and rests after outcomes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from decisioning.catalog import Cap, ContactPolicy, Rest
from decisioning.customer import Answer, Contact, ContactHistory
from decisioning.ports import Candidate


def _key(cap: Cap, *, action: str, group: str, channel: str) -> str:
    return {"action": action, "group": group, "channel": channel, "customer": ""}[cap.scope]


def _concerns(cap: Cap, key: str) -> bool:
    return not cap.only or cap.only == key


@dataclass(frozen=True, slots=True)
class Limits:
    """What is left of every cap and rest for one customer at one moment.

    Parameters: `used` counts, per cap in the policy's order, the contacts of each key within its period; `resting`
    holds (scope, name) of what is left alone, with the rule's words.
    """

    policy: ContactPolicy
    used: tuple[dict[str, int], ...]
    resting: dict[tuple[str, str], str]

    def reached_cap(self, candidate: Candidate) -> str | None:
        """The first cap that another contact with this candidate would exceed, in words; None where there is none."""
        for cap, counts in zip(self.policy.caps, self.used, strict=True):
            key = _candidate_key(cap, candidate)
            if _concerns(cap, key) and counts.get(key, 0) >= cap.at_most:
                return f"{cap.scope} cap of {cap.at_most} within {cap.within.days} days"
        return None

    def rest(self, candidate: Candidate) -> str | None:
        """The rest that covers this candidate, in words; None where there is none."""
        action = candidate.action
        return self.resting.get(("action", action.name)) or self.resting.get(("group", action.group))

    def after(self, candidate: Candidate) -> "Limits":
        """The limits once this candidate was contacted too."""
        used = tuple(
            {**counts, key: counts.get(key, 0) + 1}
            for cap, counts in zip(self.policy.caps, self.used, strict=True)
            for key in [_candidate_key(cap, candidate)]
        )
        return Limits(self.policy, used, self.resting)


def _candidate_key(cap: Cap, candidate: Candidate) -> str:
    return _key(cap, action=candidate.action.name, group=candidate.action.group, channel=candidate.treatment.channel)


def _count(cap: Cap, contacts: Sequence[Contact], *, now: datetime) -> dict[str, int]:
    counts: dict[str, int] = {}
    for contact in contacts:
        if now - contact.at < cap.within and contact.counts(now):
            key = _key(cap, action=contact.action, group=contact.group, channel=contact.channel)
            counts[key] = counts.get(key, 0) + 1
    return counts


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


def limits(policy: ContactPolicy, history: ContactHistory, *, now: datetime) -> Limits:
    """What is left for a customer with this history: every cap counted, every rest looked up."""
    resting: dict[tuple[str, str], str] = {}
    for rest in policy.rests:
        resting |= _resting(rest, history.answers, now=now)
    return Limits(policy, tuple(_count(cap, history.contacts, now=now) for cap in policy.caps), resting)
