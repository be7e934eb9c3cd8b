"""Decisions as the ledger keeps them: JSON that reads back as an equal object."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from decisioning.constraints import Constraints
from decisioning.customer import Answer, Contact, CustomerReference, StandingHold
from decisioning.decision import Decision, Exclusion, Learned, RankedAction, Shadow, Versions


def decision_from(fields: Mapping[str, Any]) -> Decision:
    """The decision of its JSON object."""
    read = {name: convert(fields[name]) for name, convert in _FIELDS.items() if name in fields}
    return Decision(**{**fields, **read})


def plain(value: object) -> object:
    """What JSON has no word for: mappings other than dict."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a decision cannot hold a {type(value).__name__}")


def _ranked(items: list[dict[str, Any]]) -> tuple[RankedAction, ...]:
    return tuple(RankedAction(**{**item, "reasons": tuple(item["reasons"]), "send_at": _sent(item)}) for item in items)


def _sent(item: Mapping[str, Any]) -> datetime | None:
    said = item.get("send_at")
    return datetime.fromisoformat(said) if said else None


def _scores(items: Mapping[str, list[Any]]) -> dict[str, tuple[Any, ...]]:
    return {action: tuple(score) for action, score in items.items()}


def _learned(item: Mapping[str, Any] | None) -> Learned | None:
    return None if item is None else Learned(item["seq"], _scores(item["scores"]), item.get("treatments", {}))


def _constraints(item: Mapping[str, Any] | None) -> Constraints | None:
    if item is None:
        return None
    consent = tuple((purpose, channel, answer) for purpose, channel, answer in item["consent"])
    contacts = tuple(Contact(**_timed(each, "at", "expires_at")) for each in item["contacts"])
    answers = tuple(Answer(**_timed(each, "at")) for each in item["answers"])
    holds = tuple(StandingHold(**_timed({**each, "issues": tuple(each["issues"])}, "until")) for each in item["holds"])
    used = tuple((pool, units) for pool, units in item.get("used", ()))
    return Constraints(consent, contacts, answers, holds, used)


def _timed(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """The fields, those of these names read as times where there is one."""
    return {**fields, **{name: datetime.fromisoformat(fields[name]) for name in names if fields[name]}}


_FIELDS: dict[str, Any] = {
    "reference": lambda item: CustomerReference(**item),
    "decided_at": datetime.fromisoformat,
    "ranked": _ranked,
    "scores": _scores,
    "exclusions": lambda items: tuple(Exclusion(**item) for item in items),
    "versions": lambda item: Versions(**item),
    "degraded": tuple,
    "taken": tuple,
    "shadow": lambda item: None if item is None else Shadow(**item),
    "learned": _learned,
    "constraints": _constraints,
}
