"""When a message goes out: now, after a while, or at an hour of the customer's own day, and never in quiet hours."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from decisioning.catalog import QuietHours


@dataclass(frozen=True, slots=True)
class SendTime:
    """How long a treatment waits. Parameters: `wait`, at least; then until this full `hour`, local (None: any)."""

    wait: timedelta = timedelta(0)
    hour: int | None = None

    def after(self, local: datetime, quiet: Iterable[QuietHours] = ()) -> datetime:
        """The first moment that will do, on the clock of `local`.

        Parameters: `local`, the moment of the decision on the customer's clock; `quiet`, the hours of their channel.

        >>> evening = datetime(2026, 6, 1, 20, 30, tzinfo=UTC)
        >>> SendTime(hour=9).after(evening).isoformat(), SendTime(hour=20).after(evening).isoformat()
        ('2026-06-02T09:00:00+00:00', '2026-06-01T20:30:00+00:00')
        >>> SendTime(timedelta(hours=1)).after(evening, [QuietHours(time(21), time(8))]).isoformat()
        '2026-06-02T08:00:00+00:00'
        """
        zone = local.tzinfo
        moment = _at_hour((local.astimezone(UTC) + self.wait).astimezone(zone), self.hour)
        every = tuple(quiet)
        for _ in (*every, *every):  # where one ends another may be under way, and once more where clocks are put on
            moment = next((_next(moment, hours.ends) for hours in every if hours.covers(moment)), moment)
        return moment


def _at_hour(moment: datetime, hour: int | None) -> datetime:
    return moment if hour is None or moment.hour == hour else _next(moment, time(hour))


def _next(moment: datetime, clock: time) -> datetime:
    """The next time that the clock shows this."""
    today = moment.replace(hour=clock.hour, minute=clock.minute, second=0, microsecond=0)
    return _as_shown(today if today > moment else today + timedelta(days=1))


def _as_shown(moment: datetime) -> datetime:
    """A moment as the clock shows it: what it never shows, as clocks are put on, is later on it by as much."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo)
