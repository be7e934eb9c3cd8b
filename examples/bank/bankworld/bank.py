"""The bank as a `pipelines.world.World`: asked by the simulator, moved on by responses."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

import numpy as np

from bankworld.asking import index_of, moment
from bankworld.business import ACTIONS, CHANNELS, INDEX, WAYS, offered
from bankworld.calling import BY_USER_ID, Calls
from bankworld.drawing import Drawn, journal
from bankworld.foresight import Effects, Foresight
from bankworld.journal import Journal, SegmentEvent, segment_event, sign
from bankworld.people import Ints
from bankworld.response import organic_days, reactions, wait_days, was_seen
from bankworld.state import State
from bankworld.timeline import HISTORY_DAYS, Timeline, microseconds, text
from bankworld.wording import Said, achieved, renewed
from decisioning.action import NO_ACTION
from decisioning.errors import InvalidInputError
from pipelines.world import Moment, Response, TrueEffect

_NOTHING = TrueEffect(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Happening:
    """One action's own outcome that happens: after how many days, and what it earns."""

    action: int
    after_days: float
    earned: float


class Bank:
    """A seeded retail bank. Parameters: what was `drawn`, on which `timeline`, with at most `n_decisions` moments."""

    def __init__(self, drawn: Drawn, timeline: Timeline, n_decisions: int) -> None:
        self.drawn = drawn
        self.timeline = timeline
        self.n_decisions = n_decisions
        self.state = State(drawn.holdings.at(HISTORY_DAYS), set(), self._renewed_before())

    @property
    def opens_at(self) -> datetime:
        """When the history ends and live decisions may begin."""
        return self.timeline.opens_at

    @property
    def closes_at(self) -> datetime:
        """When the simulated time ends."""
        return self.timeline.closes_at

    def history(self) -> Iterator[SegmentEvent]:
        """Every event before `opens_at`, in order of time."""
        return self._journal.between(microseconds(self.timeline.starts_at), microseconds(self.opens_at))

    def events(self, since: datetime, until: datetime) -> list[SegmentEvent]:
        """What customers do by themselves in [since, until), in order of time."""
        return list(self._journal.between(microseconds(since), microseconds(until), moot=self.state.solved))

    def moments(self, since: datetime, until: datetime) -> list[Moment]:
        """When channels ask for a decision in [since, until), in order of time."""
        low, high = np.searchsorted(self._moments_us, [microseconds(since), microseconds(until)])
        return [moment(self.calls, self.timeline, index) for index in range(int(low), int(high))]

    def respond(self, moment: Moment, action: str, treatment: str) -> Response:
        """How the customer responds to the action at this moment; what was had by it is had from now on."""
        index = index_of(moment, len(self.calls))
        happenings = self._happenings(index, _check(moment, action, treatment))
        response = self._told(moment, index, action, happenings)
        for happening in happenings:
            self.state.take(int(self.calls.person[index]), happening.action, **self._at_stake(index))
        return response

    def imagine(self, moment: Moment, action: str, treatment: str) -> Response:
        """How the customer would respond: `respond` without its consequences."""
        index = index_of(moment, len(self.calls))
        return self._told(moment, index, action, self._happenings(index, _check(moment, action, treatment)))

    def truth(self, moment: Moment) -> Mapping[str, TrueEffect]:
        """The truth of every action in the moment's channel, as the world stands (`no_action` is 0)."""
        effects = self.effects(np.array([index_of(moment, len(self.calls))]))
        columns = zip(ACTIONS, effects.shown[0].tolist(), effects.not_shown[0].tolist(), effects.cost[0], strict=True)
        found = {name: TrueEffect(a, b, float(c)) for name, a, b, c in columns if offered(name, moment.channel)}
        return {NO_ACTION: _NOTHING} | found

    def effects(self, index: Ints) -> Effects:
        """The truth at many moments as the world stands, by their numbers; columns are `business.ACTIONS`.

        An action that the channel does not offer has no gain there.
        """
        return self._foresight.effects(self.state, index)

    @cached_property
    def calls(self) -> Calls:
        """All moments, as columns."""
        return self.drawn.calls(self.n_decisions)

    @cached_property
    def _moments_us(self) -> Ints:
        return self.timeline.us(self.calls.day)

    @cached_property
    def _foresight(self) -> Foresight:
        return Foresight.of(self.drawn, self.calls)

    @cached_property
    def _journal(self) -> Journal:
        return journal(self.drawn, self.timeline)

    def _renewed_before(self) -> set[int]:
        return set(np.flatnonzero(self.drawn.year.contracts.renewed < HISTORY_DAYS).tolist())

    def _at_stake(self, index: int) -> dict[str, int]:
        at = self._foresight.situation
        return {"ticket": int(at.ticket[index]), "contract": int(at.contract[index])}

    def _happenings(self, index: int, chosen: int) -> list[Happening]:
        sight, channel = self._foresight, int(self.calls.channel[index])
        not_shown, shown = sight.rates(self.state, np.array([index]))
        rate, wait = not_shown[0], organic_days(sight.luck["waits"][index])
        if chosen >= 0 and was_seen(channel, sight.draws(index, chosen)):
            rate[chosen] = shown[0, chosen]
            wait[chosen] = wait_days(channel, float(sight.luck["waits"][index, chosen]))
        wait = np.minimum(wait, self.drawn.people.closed[self.calls.person[index]] - self.calls.day[index] - 0.01)
        happen = np.flatnonzero(sight.luck["converts"][index] < rate).tolist()
        return [Happening(action, float(wait[action]), sight.earned(index, action)) for action in happen]

    def _told(self, moment: Moment, index: int, action: str, happenings: list[Happening]) -> Response:
        chosen, channel = INDEX.get(action, -1), int(self.calls.channel[index])
        own = next((found for found in happenings if found.action == chosen), None)
        after, amount = (own.after_days, own.earned) if own else (None, None)
        met = self._foresight.draws(index, chosen) if chosen >= 0 else None
        told = reactions(moment, channel, met, after_days=after, amount=amount) if met else []
        in_order = sorted(happenings, key=lambda found: found.after_days)
        return Response(told, [self._event(moment, index, found) for found in in_order])

    def _event(self, moment: Moment, index: int, found: Happening) -> SegmentEvent:
        at = moment.at + timedelta(milliseconds=round(found.after_days * 86_400_000))
        event = segment_event(f"r-{index}-{found.action}", text(at), self._said(index, found))
        by_user = self.calls.by[index] == BY_USER_ID
        sign(event, int(self.calls.person[index]), user=int(self.calls.which[index]) if by_user else 0)
        return event

    def _said(self, index: int, found: Happening) -> Said:
        stake = self._at_stake(index)
        if ACTIONS[found.action] == "ticket_callback":
            return "track", "Ticket Solved", self._journal.wording.solved(stake["ticket"], "care_team", found.earned)
        if ACTIONS[found.action] == "loyalty_bonus":
            return "track", "Contract Renewed", renewed(stake["contract"], found.earned)
        return achieved(found.action, f"o-{index}-{found.action}", found.earned)


def _check(moment: Moment, action: str, treatment: str) -> int:
    if action == NO_ACTION and not treatment:
        return -1
    way = WAYS[CHANNELS.index(moment.channel)]
    if not offered(action, moment.channel) or treatment != way.treatment:
        allowed = f"{NO_ACTION} with '', or one of {', '.join(ACTIONS)} with {way.treatment!r}"
        message = f"channel {moment.channel} cannot show {action!r} as {treatment!r}; allowed: {allowed}"
        raise InvalidInputError(message, field="action")
    return INDEX[action]
