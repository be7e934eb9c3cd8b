"""An existing golden record: a business's own tables of profiles and events, with a customer key that is believed."""

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from features.section import Section
from features.source import EXTERNAL
from features.survivorship import FieldRule, Survivorship

_AUTHORITY = FieldRule(rule="most_trusted", order=(EXTERNAL,))


class ExternalTable(Section):
    """A table: a Parquet or CSV file, or a table of a SQLite database.

    Parameters: `path`, relative to the workspace; `table`, of a database; `key`, the column of the customer key.
    """

    path: str = Field(min_length=1)
    table: str = ""
    key: str = Field(min_length=1)


class ExternalProfiles(ExternalTable):
    """`[golden_record.profiles]`: one row per customer, or with `updated_at` one per change.

    Parameters: `updated_at`, the column of when a row became true; `fields`, the profile's field by column's name
    (default: every other column under its own name).
    """

    updated_at: str = ""
    fields: dict[str, str] = Field(default_factory=dict)


class ExternalEvents(ExternalTable):
    """`[golden_record.events]`: one row per event.

    Parameters: `event`, `timestamp` and `id`, columns of its name, moment and (optional) id; `properties`, the event's
    property by column's name (default: every other column under its own name).
    """

    event: str = Field(min_length=1)
    timestamp: str = Field(min_length=1)
    id: str = ""
    properties: dict[str, str] = Field(default_factory=dict)


class GoldenRecordSection(Survivorship):
    """`[golden_record]`: how fields are chosen, and whether the business brings a golden record of its own.

    Parameters: `mode`, `built` from what sources claim, or `external`: `profiles` and `events` are read, their customer
    key is believed and nothing is matched; their values stand above all other sources where no field has a rule.
    """

    mode: Literal["built", "external"] = "built"
    profiles: ExternalProfiles | None = None
    events: ExternalEvents | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.mode == "external" and self.profiles is None:
            raise ValueError('mode "external" needs [golden_record.profiles]')
        if self.mode == "built" and (self.profiles or self.events):
            raise ValueError('profiles and events are read in mode "external" only')
        return self

    def rule_of(self, field: str) -> FieldRule:
        """The rule of a field; without one of its own, the business's golden record stands above all other sources."""
        return _AUTHORITY if self.mode == "external" and field not in self.fields else super().rule_of(field)


def believing_the_key(table: Any) -> Any:
    """The settings as read, with what an external golden record means to identity: two keys are never one customer.

    An e-mail address, a phone or a device that names two keys links nothing. Raises `ValueError` where the workspace
    asks for more.
    """
    golden, workspace = (table.get(name) for name in ("golden_record", "workspace"))
    if not isinstance(golden, dict) or golden.get("mode") != "external" or not isinstance(workspace, dict):
        return table
    if workspace.get("max_per_identifier", 1) != 1:
        raise ValueError('mode "external" believes the customer key: max_per_identifier is 1, or left out')
    return {**table, "workspace": {**workspace, "max_per_identifier": 1}}
