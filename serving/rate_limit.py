"""How often one key may call: a bucket that fills at its rate and holds one second's worth."""

from dataclasses import dataclass, field

MOMENT = 1.0
"""Seconds after a refusal in which a key counts as one that floods."""


@dataclass(slots=True)
class Bucket:
    """Requests left. Not shared between processes: each worker has its own.

    Parameters: `per_second`, requests that are added in a second.
    """

    per_second: float
    _left: float = field(init=False)
    _at: float | None = field(default=None, init=False)
    _refused_at: float = field(default=float("-inf"), init=False)

    def __post_init__(self) -> None:
        self._left = self.most

    @property
    def most(self) -> float:
        """Requests that may come at once."""
        return max(1.0, self.per_second)

    def is_flooded(self, now: float) -> bool:
        """Whether somebody asked for more than it holds a moment ago."""
        return now - self._refused_at < MOMENT

    def wait(self, now: float) -> float:
        """The seconds until there is one; 0 where there is one now. It takes none.

        >>> Bucket(2.0).wait(0.0)
        0.0
        """
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._left, self._at = min(self.most, self._left + passed * self.per_second), now
        if self._left >= 1.0:
            return 0.0
        self._refused_at = now
        return (1.0 - self._left) / self.per_second

    def take(self, now: float) -> float:
        """Take one request; 0 where there was one, else the seconds until there is.

        Parameters: `now`, seconds of a clock that never goes back.

        >>> bucket = Bucket(2.0)
        >>> bucket.take(0.0), bucket.take(0.0), bucket.take(0.0), bucket.take(0.5)
        (0.0, 0.0, 0.5, 0.0)
        """
        wait = self.wait(now)
        if not wait:
            self._left -= 1.0
        return wait
