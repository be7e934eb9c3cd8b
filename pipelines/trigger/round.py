"""One round over the triggers: read on, decide what is due, send what waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from features.trigger.watching import Watch
from pipelines.trigger.firing import Firing, Tally
from pipelines.trigger.sending import Sending

STANDING = timedelta(hours=1)
"""How often every customer is looked at for the triggers that no event begins."""


@dataclass(frozen=True, slots=True)
class Round:
    """What one round came to. Parameters: `delivered`, messages that arrived; `deliveries`, all there are, by state."""

    tally: Tally
    delivered: int
    deliveries: Mapping[str, int]

    @property
    def is_news(self) -> bool:
        """Whether anything was done in it."""
        return self.delivered > 0 or self.tally != Tally()


@dataclass(slots=True)
class Following:
    """The triggers of one composition. Parameters: `looked_at`, when every customer was looked at last."""

    watch: Watch
    firing: Firing
    sending: Sending
    looked_at: datetime | None = None

    def round(self, *, now: datetime) -> Round:
        """Read on, deal with everything that is due, and send what waits."""
        tally = Tally()
        self.watch.read(now=now)
        while self.firing.due(tally, now=now):
            pass
        if self.looked_at is None or now >= self.looked_at + STANDING:
            self.looked_at = now
            for trigger in self.watch.triggers.values():
                if not trigger.event:
                    self.firing.standing(trigger, tally, now=now)
        return Round(tally, self.sending.send(), self.sending.deliveries.counts())


def round_in_words(each: Round) -> str:
    """One line of a round.

    >>> round_in_words(Round(Tally(fired=2, missed=1), 1, {"delivered": 1, "pending": 1}))
    '2 decided, 0 with no action, 0 not met, 1 missed; 1 delivered now (delivered 1, pending 1)'
    """
    tally, states = each.tally, ", ".join(f"{state} {n}" for state, n in each.deliveries.items())
    made = f"{tally.fired} decided, {tally.no_action} with no action, {tally.not_met} not met, {tally.missed} missed"
    return f"{made}; {each.delivered} delivered now ({states or 'none yet'})"
