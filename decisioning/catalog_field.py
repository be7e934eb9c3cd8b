"""The kinds of fields that the format of `catalog.yaml` is made of."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from decisioning.local_time import zone_named


def _scalar(value: object) -> object:
    if isinstance(value, str | int | float):
        return value
    raise ValueError("expected a text, a number or true/false")


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
Amount = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Days = Annotated[float, Field(gt=0, le=3650)]
Share = Annotated[float, Field(ge=0, le=1)]
Scalar = Annotated[object, AfterValidator(_scalar)]
ConditionText = Annotated[str, Field(min_length=1)]


class Text(BaseModel):
    """A part of the file: strict, nothing unknown."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


def _clock(value: object) -> time:
    try:
        clock = time.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError('expected a time of day in quotes, such as "21:00"') from None
    if clock.tzinfo is not None:
        raise ValueError('expected a time on the customer\'s own clock, such as "21:00", without an offset from UTC')
    return clock


def _zone(value: str) -> str:
    if zone_named(value) is None:
        raise ValueError("expected a time zone of the IANA database, such as Europe/Berlin")
    return value


def _begins(value: object) -> datetime:
    """A moment; of a day, its beginning (UTC)."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("expected an offset from UTC, such as 2026-12-01T00:00:00Z, or a day alone")
        return value.astimezone(UTC)
    if isinstance(value, date):
        return datetime.combine(value, time(), UTC)
    raise ValueError("expected a day such as 2026-12-01, or a moment such as 2026-12-01T09:00:00Z")


def _ends(value: object) -> datetime:
    """A moment; of a day, its end."""
    is_day = isinstance(value, date) and not isinstance(value, datetime)
    return _begins(value) + (timedelta(days=1) if is_day else timedelta(0))


Clock = Annotated[time, BeforeValidator(_clock)]
Zone = Annotated[str, AfterValidator(_zone)]
Begins = Annotated[datetime, BeforeValidator(_begins)]
Ends = Annotated[datetime, BeforeValidator(_ends)]
