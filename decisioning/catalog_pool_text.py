"""The format of `budgets`, `inventories` and `channels.<name>.capacity` in `catalog.yaml`."""

from typing import Annotated

from pydantic import Field, model_validator

from decisioning.catalog_field import Name, Text
from decisioning.local_time import Period
from decisioning.pool import Pool


class _Shared(Text):
    """What several actions draw from."""

    actions: list[Name] = []
    groups: list[Name] = []
    per: Period | None = None

    @model_validator(mode="after")
    def _of_something(self) -> "_Shared":
        if not self.actions and not self.groups:
            raise ValueError("expected the actions or groups that draw from it")
        return self


class BudgetText(_Shared):
    """`budgets.<name>`: money, spent by the cost of contacts."""

    amount: Annotated[float, Field(ge=0, le=1e12)]

    def build(self, name: str) -> Pool:
        """The budget of this name."""
        return Pool("budget", name, self.amount, self.per, tuple(self.actions), tuple(self.groups))


class InventoryText(_Shared):
    """`inventories.<name>`: a number of contacts."""

    count: Annotated[int, Field(ge=0)]

    def build(self, name: str) -> Pool:
        """The inventory of this name."""
        return Pool("inventory", name, self.count, self.per, tuple(self.actions), tuple(self.groups))


class CapacityText(Text):
    """`channels.<name>.capacity`: contacts in a calendar period."""

    at_most: Annotated[int, Field(ge=0)]
    per: Period = "day"

    def build(self, channel: str) -> Pool:
        """The capacity of this channel."""
        return Pool("capacity", channel, self.at_most, self.per, channel=channel)
