"""The kinds of fields that the bodies of requests are made of."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from decisioning.customer import FeatureValue

MAX_WORD = 256
"""Characters of one fact of the context."""
PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
"""No control character."""


def _instant(value: object) -> datetime:
    """Read an ISO 8601 time with its offset from UTC."""
    if not isinstance(value, str):
        raise PydanticCustomError("timestamp", "an ISO 8601 time such as 2026-03-01T09:30:00Z is needed")
    try:
        read = datetime.fromisoformat(value)
    except ValueError:
        raise PydanticCustomError("timestamp", "an ISO 8601 time such as 2026-03-01T09:30:00Z is needed") from None
    if read.tzinfo is None:
        raise PydanticCustomError("naive_timestamp", "the time has no offset from UTC; write it with Z or +00:00")
    return _utc(read)


def _utc(read: datetime) -> datetime:
    try:
        return read.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("timestamp", "the time lies outside the years 1 to 9999") from None


def _fact(value: object) -> FeatureValue:
    """Read a number, a word, a truth (as 1 or 0) or nothing."""
    if isinstance(value, bool | int | float):
        return float(value)
    if value is None or (isinstance(value, str) and len(value) <= MAX_WORD):
        return value
    raise PydanticCustomError(
        "fact", f"a number, a boolean, null or a string of at most {MAX_WORD} characters is needed"
    )


Identifier = Annotated[str, Field(min_length=1, max_length=128, pattern=PRINTABLE)]
Instant = Annotated[datetime, BeforeValidator(_instant), WithJsonSchema({"type": "string", "format": "date-time"})]
Fact = Annotated[
    FeatureValue,
    PlainValidator(_fact),
    WithJsonSchema({"type": ["number", "string", "boolean", "null"], "maxLength": MAX_WORD}),
]
Proof = Annotated[str, Field(min_length=1, max_length=1024, pattern=PRINTABLE)]
FactName = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


class Strict(BaseModel):
    """A body that refuses what it does not know; nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
