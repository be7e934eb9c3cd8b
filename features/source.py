"""Sources: where records come from, and how far each is trusted, over all and field by field."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from decisioning.errors import InvalidInputError
from features.rejection import shown
from features.section import Section

Party = Literal["first", "second", "third"]
PARTY_TRUST: dict[Party, float] = {"first": 3.0, "second": 2.0, "third": 1.0}
"""How far a source is trusted that does not say so itself."""
UNKNOWN_TRUST = PARTY_TRUST["third"]
"""How far a source is trusted that the workspace does not name."""
MANUAL = "manual"
"""Reserved: a person's override. No file and no sender can use it."""
EXTERNAL = "golden_record"
"""What is read from a golden record that the business has already."""
OWN = ("http", "live", MANUAL, EXTERNAL)
"""Our own doors, first party without being named."""


class Source(Section):
    """`[[sources]]`: a name that records carry, and what the business thinks of it.

    Parameters: `party`, first (our own), second (a partner's own) or third (bought); `trust`, larger is more trusted
    (default: 3, 2, 1 by party); `fields`, trust of single fields, such as `{ phone = 5.0 }`.
    """

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")
    party: Party = "first"
    description: str = ""
    trust: float | None = Field(default=None, ge=0)
    fields: dict[str, float] = Field(default_factory=dict)

    def trust_in(self, field: str) -> float:
        """How far this source is trusted about a field.

        >>> Source(name="crm", fields={"phone": 5.0}).trust_in("phone"), Source(name="crm").trust_in("city")
        (5.0, 3.0)
        """
        general = PARTY_TRUST[self.party] if self.trust is None else self.trust
        return self.fields.get(field, general)


class Sources:
    """The sources that a workspace names.

    Parameters: `strict`, refuse records of a source that is not named.
    """

    def __init__(self, named: Iterable[Source] = (), *, strict: bool = False) -> None:
        self.by_name = {name: Source(name=name) for name in OWN} | {source.name: source for source in named}
        self.strict = strict

    def trust(self, name: str, field: str) -> float:
        """How far a source is trusted about a field; one that is not named, as a third party.

        >>> Sources().trust("http", "city"), Sources().trust("a list", "city")
        (3.0, 1.0)
        """
        source = self.by_name.get(name)
        return UNKNOWN_TRUST if source is None else source.trust_in(field)

    def check(self, name: str) -> str:
        """The name, where records of this source are taken.

        Raises `InvalidInputError` with code `unknown_source` where the workspace is strict and does not name it, and
        with `reserved_source` of overrides' own.
        """
        if name == MANUAL:
            message = f"the source {MANUAL!r} is kept for overrides; choose another name"
            raise InvalidInputError(message, code="reserved_source", field="source")
        if self.strict and name not in self.by_name:
            allowed = ", ".join(sorted(self.by_name.keys() - {MANUAL}))
            message = f"the source {shown(name)} is not named in tsugi.toml; allowed: {allowed}"
            raise InvalidInputError(message, code="unknown_source", field="source")
        return name
