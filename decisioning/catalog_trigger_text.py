"""The format of `triggers` in `catalog.yaml`."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, cast

from pydantic import Field, model_validator

from decisioning.catalog_field import Days, Name, Scalar, Text
from decisioning.trigger import Trigger

Minutes = Annotated[float, Field(ge=0, le=60 * 24 * 366)]
Hours = Annotated[float, Field(gt=0, le=24 * 366)]


class TriggerText(Text):
    """`triggers.<name>`: an `event`, or a `condition` alone."""

    placement: Name
    event: str = ""
    where: dict[str, Scalar] = {}
    unless: list[str] = []
    after_minutes: Minutes = 0.0
    condition: str = ""
    within_hours: Hours = 24.0
    again_after_days: Days | None = None

    @model_validator(mode="after")
    def _something_begins_it(self) -> "TriggerText":
        if not self.event and not self.condition.strip():
            raise ValueError("expected an event, a condition, or both")
        if not self.event and (self.where or self.unless or self.after_minutes):
            raise ValueError("where, unless and after_minutes are of an event; expected one in event")
        return self

    def build(self, name: str) -> Trigger:
        """The trigger of this name."""
        return Trigger(
            name=name,
            placement=self.placement,
            event=self.event,
            where=cast("Mapping[str, str | float | bool]", self.where),
            unless=tuple(self.unless),
            after=timedelta(minutes=self.after_minutes),
            condition=self.condition,
            within=timedelta(hours=self.within_hours),
            again_after=None if self.again_after_days is None else timedelta(days=self.again_after_days),
        )
