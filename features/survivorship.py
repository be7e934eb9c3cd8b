"""Survivorship: which of the claims on a field is the golden record's.

A pure function of the set of claims: in whatever order they arrive, or whichever customers they came from before a
merge, the same one survives.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

import orjson
from pydantic import Field, field_validator

from features.claim import Claim
from features.section import Section

RuleName = Literal["most_recent", "most_trusted", "most_frequent", "longest"]
MOST_RECENT: RuleName = "most_recent"
Trust = Callable[[str], float]
"""How far a source is trusted about the field in question."""


class FieldRule(Section):
    """How one field's value is chosen.

    Parameters: `order`, for `most_trusted`: these sources before all others, the most trusted first.
    """

    rule: RuleName = MOST_RECENT
    order: tuple[str, ...] = Field(default=(), strict=False)


class Survivorship(Section):
    """`[golden_record]`: the rule of every field, and of single ones.

    Parameters: `fields`, a rule's name or `{ rule = "most_trusted", order = ["crm", "shop"] }` by field.
    """

    rule: RuleName = MOST_RECENT
    fields: dict[str, FieldRule] = Field(default_factory=dict)

    @field_validator("fields", mode="before")
    @classmethod
    def _by_name(cls, fields: Any) -> Any:
        if not isinstance(fields, dict):
            return fields
        return {field: {"rule": rule} if isinstance(rule, str) else rule for field, rule in fields.items()}

    def rule_of(self, field: str) -> FieldRule:
        """The rule of a field.

        >>> Survivorship(fields={"phone": "longest"}).rule_of("phone").rule, Survivorship().rule_of("city").rule
        ('longest', 'most_recent')
        """
        return self.fields.get(field) or FieldRule(rule=self.rule)


def ranked(claims: Sequence[Claim], rule: FieldRule, trust: Trust) -> list[Claim]:
    """The claims on one field, the surviving one first; empty where nothing stands.

    An override that was not taken back comes first. Then a value that could be cleansed beats one that could not,
    whatever the rule. Ties go to the newer claim, and of one moment to the larger message id.
    """
    override = _standing(claims)
    withdrawn = _withdrawn(claims) if rule.rule in ("most_frequent", "longest") else frozenset()
    stand = [claim for claim in claims if claim.override is None and claim.at not in withdrawn]
    preferred = _PREFERENCES[rule.rule]([claim for claim in stand if claim.cleansed.usable], rule, trust)

    def weight(claim: Claim) -> tuple[Any, ...]:
        if claim.override is not None:
            return 4 if claim is override else 0, claim.at
        if claim.at in withdrawn:
            return 2, claim.raw is None, claim.at
        return (3, *preferred(claim), claim.at) if claim.cleansed.usable else (1, claim.at)

    if override is None and all(claim.override for claim in claims):
        return []
    return sorted(claims, key=weight, reverse=True)


def _standing(claims: Iterable[Claim]) -> Claim | None:
    """The newest override; None where there is none, or where it takes back what was set."""
    manual = [claim for claim in claims if claim.override is not None]
    newest = max(manual, key=lambda claim: claim.at, default=None)
    return None if newest is None or (newest.override and newest.override.removed) else newest


def _withdrawn(claims: Iterable[Claim]) -> frozenset[tuple[int, str]]:
    """Where claims are counted or measured, a null is none of them: it withdraws what its source said before."""
    ordinary = [claim for claim in claims if claim.override is None]
    emptied: dict[str, tuple[int, str]] = {}
    for claim in ordinary:
        if claim.raw is None:
            emptied[claim.source] = max(claim.at, emptied.get(claim.source, claim.at))
    return frozenset(claim.at for claim in ordinary if claim.source in emptied and claim.at <= emptied[claim.source])


_Preference = Callable[[Claim], tuple[float, ...]]


def _by_time(_: Sequence[Claim], __: FieldRule, ___: Trust) -> _Preference:
    return lambda _: ()


def _by_trust(_: Sequence[Claim], rule: FieldRule, trust: Trust) -> _Preference:
    places = {source: place for place, source in reversed(list(enumerate(rule.order)))}
    return lambda claim: (-places.get(claim.source, len(rule.order)), trust(claim.source))


def _by_count(claims: Sequence[Claim], _: FieldRule, __: Trust) -> _Preference:
    said = Counter(_text(claim) for claim in claims)
    return lambda claim: (said[_text(claim)],)


def _by_length(_: Sequence[Claim], __: FieldRule, ___: Trust) -> _Preference:
    return lambda claim: (len(_text(claim)),)


def _text(claim: Claim) -> str:
    value = claim.cleansed.value
    return value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


_PREFERENCES: dict[RuleName, Callable[[Sequence[Claim], FieldRule, Trust], _Preference]] = {
    "most_recent": _by_time,
    "most_trusted": _by_trust,
    "most_frequent": _by_count,
    "longest": _by_length,
}
