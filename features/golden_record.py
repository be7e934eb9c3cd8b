"""The golden record: one profile per customer, every field with the record it came from and the rule that chose it."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from features.claim import Claim, claims_of
from features.cleansing.cleanser import Cleansing
from features.instant import from_us
from features.ledger import Snapshots
from features.override import MANUAL, Override
from features.source import Sources
from features.survivorship import MOST_RECENT, Survivorship, ranked
from features.workspace import Workspace


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One field of a profile with its lineage: source, message, the moment it is from, and the rule that chose it.

    A `value` of None was sent as null: the customer's field was emptied.

    Parameters: `raw`, as it was sent; `cleansed_by`, the rule that changed it ("": none did); `note`, why it could not
    be cleansed; `losing`, the other claims, best first.
    """

    value: Any
    raw: Any
    source: str
    message_id: str
    occurred_at: datetime
    rule: str = MOST_RECENT
    cleansed_by: str = ""
    note: str = ""
    override: Override | None = None
    losing: tuple["FieldValue", ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What a customer's identify traits say, merged over all identifiers."""

    customer_id: str
    fields: Mapping[str, FieldValue]


@dataclass(frozen=True, slots=True)
class GoldenRules:
    """What a workspace says of its golden record: which claim survives, how values are read, whom to trust."""

    survivorship: Survivorship = field(default_factory=Survivorship)
    cleansing: Cleansing = field(default_factory=Cleansing)
    sources: Sources = field(default_factory=Sources)

    @classmethod
    def of(cls, workspace: Workspace) -> Self:
        """The rules of a workspace."""
        return cls(workspace.golden_record, workspace.cleansing, workspace.sources)


class GoldenRecord:
    """The profiles of a ledger, for reading.

    Parameters: `ledger`, or anything that gives snapshots of one.
    """

    def __init__(self, ledger: Snapshots, rules: GoldenRules | None = None) -> None:
        self._ledger = ledger
        self._rules = rules or GoldenRules()

    def profile(self, customer_id: str) -> Profile:
        """The profile of a customer, fields sorted by name; without fields where none is known."""
        with self._ledger.read() as connection:
            return self.profile_in(connection, customer_id)

    def profile_in(self, connection: sqlite3.Connection, customer_id: str) -> Profile:
        """As `profile`, on a connection."""
        claims = claims_of(connection, customer_id, self._rules.cleansing)
        fields = {name: self._survivor(name, said) for name, said in claims.items()}
        return Profile(customer_id, {name: value for name, value in fields.items() if value})

    def _survivor(self, name: str, claims: list[Claim]) -> FieldValue | None:
        rule = self._rules.survivorship.rule_of(name)
        best = ranked(claims, rule, lambda source: self._rules.sources.trust(source, name))
        if not best:
            return None
        losing = tuple(_value(claim, rule.rule) for claim in best[1:])
        return _value(best[0], rule.rule, losing)


def _value(claim: Claim, rule: str, losing: tuple[FieldValue, ...] = ()) -> FieldValue:
    return FieldValue(
        value=claim.cleansed.value,
        raw=claim.raw,
        source=claim.source,
        message_id=claim.message_id,
        occurred_at=from_us(claim.occurred_us),
        rule=MANUAL if claim.override else rule,
        cleansed_by=claim.cleansed.rule,
        note=claim.cleansed.note,
        override=claim.override,
        losing=losing,
    )
