"""One round over the triggers: read on, decide what is due, look at some more customers, send what waits."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from features.trigger.watching import Watch
from pipelines.trigger.firing import Firing, Tally
from pipelines.trigger.sending import Sending
from pipelines.trigger.sweep import Sweep


@dataclass(frozen=True, slots=True)
class Round:
    """What one round came to.

    Parameters: `delivered`, messages that arrived; `deliveries`, all there are, by state, where that is news or nothing
    goes on; `goes_on`, whether there is more to do at once.
    """

    tally: Tally
    delivered: int
    deliveries: Mapping[str, int] = field(default_factory=dict)
    goes_on: bool = False

    @property
    def is_news(self) -> bool:
        """Whether anything was done in it."""
        return self.delivered > 0 or self.tally != Tally()

    @property
    def is_told(self) -> bool:
        """Whether anybody may want to know of it: it did something, or is the last one for now."""
        return self.is_news or not self.goes_on


@dataclass(slots=True)
class Following:
    """The triggers of one composition."""

    watch: Watch
    firing: Firing
    sweep: Sweep
    sending: Sending

    def round(self, *, now: datetime) -> Round:
        """Read on, and do a part of what there is to do, of everything: nothing waits until all of another is done."""
        tally = Tally()
        self.watch.read(now=now)
        goes_on = [self.firing.due(tally, now=now), self.sweep.step(tally, now=now)]
        sent = self.sending.send()
        made = Round(tally, sent.delivered, goes_on=any((*goes_on, sent.goes_on)))
        return replace(made, deliveries=self.sending.deliveries.counts()) if made.is_told else made


def round_in_words(each: Round) -> str:
    """One line of a round.

    >>> round_in_words(Round(Tally(fired=2, missed=1), 1, {"delivered": 1, "pending": 1}))
    '2 decided, 0 with no action, 0 not met, 1 missed; 1 delivered now (delivered 1, pending 1)'
    """
    tally, states = each.tally, ", ".join(f"{state} {n}" for state, n in each.deliveries.items())
    made = f"{tally.fired} decided, {tally.no_action} with no action, {tally.not_met} not met, {tally.missed} missed"
    return f"{made}; {each.delivered} delivered now ({states or 'none yet'})"
