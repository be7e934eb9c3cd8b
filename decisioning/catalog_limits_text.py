"""The format of `contact_policy` in `catalog.yaml`."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, model_validator

from decisioning.catalog import Cap, ContactPolicy, Hold, QuietHours, Rest
from decisioning.catalog_field import Clock, ConditionText, Count, Days, Name, Text, Zone
from decisioning.exclusive import Exclusive
from decisioning.local_time import Period


class CapText(Text):
    """`contact_policy.caps[]`: `within_days`, or `per` a calendar period."""

    scope: Literal["action", "group", "channel", "customer"]
    at_most: Annotated[int, Field(ge=0)]
    within_days: Days | None = None
    per: Period | None = None
    only: str = ""

    @model_validator(mode="after")
    def _one_period(self) -> "CapText":
        if (self.within_days is None) == (self.per is None):
            raise ValueError("expected either within_days or per (day, week, month)")
        return self

    def build(self) -> Cap:
        """The cap."""
        return Cap(self.scope, self.at_most, timedelta(days=self.within_days or 0), self.only, self.per)


class QuietHoursText(Text):
    """`contact_policy.quiet_hours[]`."""

    starts: Clock
    ends: Clock
    channels: list[Name] = []

    def build(self) -> QuietHours:
        """The quiet hours."""
        return QuietHours(self.starts, self.ends, tuple(self.channels))


class RestText(Text):
    """`contact_policy.rests[]`."""

    after: str
    times: Count = 1
    within_days: Days
    rest_days: Days
    scope: Literal["action", "group"] = "action"

    def build(self) -> Rest:
        """The rest."""
        within, rest = timedelta(days=self.within_days), timedelta(days=self.rest_days)
        return Rest(self.after, self.times, within, rest, self.scope)


class HoldText(Text):
    """`contact_policy.holds[]`."""

    name: Annotated[str, Field(min_length=1)]
    condition: ConditionText
    issues: list[Name] = []

    def build(self) -> Hold:
        """The hold."""
        return Hold(self.name, self.condition, tuple(self.issues))


class ExclusiveText(Text):
    """`contact_policy.exclusive[]`."""

    name: Annotated[str, Field(min_length=1)]
    actions: Annotated[list[Name], Field(min_length=2)]
    within_days: Annotated[float, Field(ge=0, le=3650)] = 0

    def build(self) -> Exclusive:
        """The set."""
        return Exclusive(self.name, tuple(self.actions), timedelta(days=self.within_days))


class ContactPolicyText(Text):
    """`contact_policy`."""

    caps: list[CapText] = []
    rests: list[RestText] = []
    holds: list[HoldText] = []
    quiet_hours: list[QuietHoursText] = []
    time_zone: Zone = "UTC"
    time_zone_feature: str = ""
    exclusive: list[ExclusiveText] = []

    def build(self) -> ContactPolicy:
        """The contact policy."""
        return ContactPolicy(
            caps=tuple(each.build() for each in self.caps),
            rests=tuple(each.build() for each in self.rests),
            holds=tuple(each.build() for each in self.holds),
            quiet_hours=tuple(each.build() for each in self.quiet_hours),
            time_zone=self.time_zone,
            time_zone_feature=self.time_zone_feature,
            exclusive=tuple(each.build() for each in self.exclusive),
        )
