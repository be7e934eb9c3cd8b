"""Runs the live time of a generated business through the code that serves: decide, show, observe, learn.

The world's clock is injected. Time passes in ticks: decisions of a tick see everything recorded before it began, then
what happened during the tick is ingested. Nothing of the truth reaches the ledger; it is kept apart, for the summary.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from decisioning.decide import propose
from decisioning.decision import Decision, DecisionRequest
from decisioning.outcome import Outcome
from pipelines.clock import SimulatedClock
from pipelines.composition import Composition
from pipelines.world import Moment, Reaction, SegmentEvent, TrueEffect, World

TICK = timedelta(hours=6)


@dataclass(order=True)
class _Due:
    """Something the world will do at a moment: an outcome to post, or an event to send."""

    at: datetime
    order: int
    outcome: Outcome | None = field(compare=False, default=None)
    event: SegmentEvent | None = field(compare=False, default=None)


Truth = Mapping[str, TrueEffect]
"""The true effect of every action at one decision."""


@dataclass
class LiveTime:
    """The live part of a world, run tick by tick.

    Parameters: `world`; `composition`, the stores and the decision code, whose clock is `clock`; `on_truth` is handed
    every decision with the truth of its moment, as soon as it is recorded.
    """

    world: World
    composition: Composition
    clock: SimulatedClock
    on_truth: Callable[[Decision, Truth], None] = lambda *_: None
    _due: list[_Due] = field(default_factory=list)
    _posted: int = 0

    def run(self, until: datetime) -> Iterator[int]:
        """Let time pass until then; yields the number of decisions after every tick."""
        while self.clock.now < until:
            start, end = self.clock.now, min(self.clock.now + TICK, until)
            n_decisions = self._decide(start, end)
            self.clock.move(end)
            self._happen(start, end)
            yield n_decisions

    def _decide(self, start: datetime, end: datetime) -> int:
        ports = self.composition.ports()
        decided: list[tuple[Moment, Decision, Truth]] = []
        for moment in self.world.moments(start, end):
            decision = propose(_request(moment), ports=ports, now=moment.at)
            decided.append((moment, decision, self.world.truth(moment)))
        self.composition.decisions.record_many([decision for _, decision, _ in decided])
        for moment, decision, truth in decided:
            self.on_truth(decision, truth)
            self._respond(moment, decision)
        return len(decided)

    def _respond(self, moment: Moment, decision: Decision) -> None:
        treatment = decision.ranked[0].treatment if decision.ranked else ""
        response = self.world.respond(moment, decision.chosen, treatment)
        for reaction in response.reactions:
            self._later(reaction.occurred_at, outcome=self._outcome(decision, reaction))
        for event in response.events:
            self._later(datetime.fromisoformat(event["timestamp"]), event=event)

    def _later(self, at: datetime, *, outcome: Outcome | None = None, event: SegmentEvent | None = None) -> None:
        self._posted += 1
        heapq.heappush(self._due, _Due(at, self._posted, outcome, event))

    def _outcome(self, decision: Decision, reaction: Reaction) -> Outcome:
        return Outcome(
            outcome_id=f"o-{decision.decision_id}-{self._posted}",
            decision_id=decision.decision_id,
            action=decision.chosen,
            treatment=decision.ranked[0].treatment,
            type=reaction.type,
            occurred_at=reaction.occurred_at,
            amount=reaction.amount,
            currency=None if reaction.amount is None else self.composition.catalog.catalog.currency,
        )

    def _happen(self, start: datetime, end: datetime) -> None:
        """Send what customers did in this tick, by themselves and in response, and post the outcomes."""
        outcomes, events = [], self.world.events(start, end)
        while self._due and self._due[0].at < end:
            due = heapq.heappop(self._due)
            if due.outcome is not None:
                outcomes.append(due.outcome)
            elif due.event is not None:
                events.append(due.event)
        self.composition.send(events, outcomes)


def _request(moment: Moment) -> DecisionRequest:
    return DecisionRequest(
        request_id=moment.moment_id,
        customer=moment.reference,
        placement=moment.placement,
        channel=moment.channel,
        context=moment.context,
        limit=1,
    )
