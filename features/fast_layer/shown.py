"""What records say was shown, and how it was answered."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from math import isfinite
from typing import Any, NamedTuple

import orjson

from decisioning.catalog import Catalog
from decisioning.fast_layer.exposure import Exposure, Regressors
from decisioning.outcome import POSITIVE
from decisioning.ports import Candidate, Scorer
from features.instant import to_us

DECLINED = frozenset({"reject", "dismiss"})
"""The types of outcome that say the customer did not accept."""


class Told(NamedTuple):
    """That one action of one decision was shown, or answered.

    Parameters: `accepted`, None where it says nothing of that; `at_us`, when; `received_us`, when we learned it.
    """

    decision_id: str
    action: str
    accepted: bool | None
    at_us: int
    received_us: int


def told_by_outcome(body: bytes, *, occurred_us: int, received_us: int) -> Told:
    """What an outcome's record says; an answer also says that the action was shown."""
    outcome = orjson.loads(body)["outcome"]
    kind = outcome["type"]
    accepted = True if kind in POSITIVE else False if kind in DECLINED else None
    return Told(outcome["decision_id"], outcome["action"], accepted, occurred_us, received_us)


def told_by_decision(body: bytes, decision_id: str, *, decided_us: int) -> Iterator[Told]:
    """The actions that a decision's record says were shown at once."""
    for contact in orjson.loads(body)["contacts"]:
        if contact["implied"]:
            yield Told(decision_id, contact["action"], None, decided_us, decided_us)


def bundle_scores(decision: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the bundle alone said by action, its propensity first: a decision's scores may be moved by the fast layer.

    >>> bundle_scores({"scores": {"card": [0.3]}, "learned": {"scores": {"card": [0.2, 0.01]}}})
    {'card': [0.2, 0.01]}
    """
    found: Mapping[str, Any] = (decision.get("learned") or decision)["scores"]
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """How a decision's record becomes an exposure.

    Parameters: `scorer`, the bundle whose scores are corrected; `catalog` names windows; `since_us`, after which a
    decision must have been made: the bundle's training has seen those before.
    """

    scorer: Scorer
    catalog: Catalog
    regressors: Regressors
    since_us: int

    def first(self, body: bytes, told: Told) -> "Shown | None":
        """The exposure that is told of for the first time; None where it is nothing to learn from any more."""
        decision = orjson.loads(body)["decision"]
        action = self.catalog.actions.get(told.action)
        decided_us = to_us(datetime.fromisoformat(decision["decided_at"]))
        if action is None or decided_us <= self.since_us or not _lists(decision, told.action):
            return None
        until_us = decided_us + int(action.window.total_seconds() * 1e6)
        propensity = self._propensity(decision, told.action)
        if told.received_us > until_us or propensity is None or not isfinite(propensity):
            return None
        row = self.regressors.row(decision["features"])
        return Shown(Exposure(row, propensity, told.at_us, told.accepted), until_us)

    def _propensity(self, decision: Mapping[str, Any], action: str) -> float | None:
        """What this bundle says of the action: as logged where it decided, else as it says now."""
        if decision["versions"]["bundle"] == self.scorer.version:
            said = bundle_scores(decision).get(action)
            return None if said is None else float(said[0])
        candidate = self._candidate(decision, action)
        if candidate is None:
            return None
        return float(self.scorer.score(decision["features"], [candidate]).propensity[0])

    def _candidate(self, decision: Mapping[str, Any], name: str) -> Candidate | None:
        action = self.catalog.actions[name]
        shown = next((each["treatment"] for each in decision["ranked"] if each["action"] == name), None)
        return next((Candidate(action, each) for each in action.treatments if each.name == shown), None)


def _lists(decision: Mapping[str, Any], action: str) -> bool:
    return any(each["action"] == action for each in decision["ranked"])


@dataclass(frozen=True, slots=True)
class Shown:
    """One action shown in one decision, as known so far.

    Parameters: `until_us`, when its window ends: what is received later waits for the next training.
    """

    exposure: Exposure
    until_us: int

    def with_(self, told: Told) -> "Shown":
        """Knowing more: it was shown at the earliest time told; accepted beats declined, which beats no answer."""
        known, shown_us = self.exposure, min(self.exposure.shown_us, told.at_us)
        answers = {known.accepted, told.accepted} - {None}
        exposure = known._replace(shown_us=shown_us, accepted=max(answers, default=None, key=bool))
        return replace(self, exposure=exposure)
