"""Clocks: the system's own, and one that the simulator moves."""

from dataclasses import dataclass
from datetime import UTC, datetime


def system_clock() -> datetime:
    """Now, aware, UTC."""
    return datetime.now(UTC)


@dataclass
class SimulatedClock:
    """A clock that stands still until it is moved; time never goes back.

    >>> clock = SimulatedClock(datetime(2026, 1, 1, tzinfo=UTC))
    >>> clock.move(datetime(2026, 1, 2, tzinfo=UTC))
    >>> clock().day
    2
    """

    now: datetime

    def __call__(self) -> datetime:
        """The simulated now."""
        return self.now

    def move(self, to: datetime) -> None:
        """Move to a later moment; an earlier one is ignored."""
        self.now = max(self.now, to)
