"""What will follow at each moment: rates, earnings and chances of every action, worked out for all moments at once."""

from dataclasses import dataclass

import numpy as np

from bankworld.business import ACTIONS, MARGINS, WAYS
from bankworld.calling import Calls
from bankworld.chance import uniforms
from bankworld.drawing import Drawn
from bankworld.effect import margin_factor, rates
from bankworld.people import Floats, Ints
from bankworld.response import Draws
from bankworld.situation import Situation
from bankworld.state import State

_TOPICS = ("day luck", "converts", "earns", "waits", "seen", "answers", "clicks")
_COSTS = np.array([way.cost for way in WAYS])
_REACH = np.array([way.reach for way in WAYS])


@dataclass(frozen=True, slots=True)
class Effects:
    """Expected money of each action's own outcome at n moments, and what a contact costs; arrays (n, n_actions).

    A call costs what it costs whether or not the customer is reached.
    """

    shown: Floats
    not_shown: Floats
    cost: Floats

    @property
    def gain(self) -> Floats:
        """The true incremental value of choosing each action over doing nothing."""
        return self.shown - self.not_shown - self.cost


@dataclass(frozen=True, slots=True)
class Foresight:
    """What will follow at every moment.

    Parameters: `not_shown`, `shown` (n_moments, n_actions), rates before `State` adjusts them; `margin`, what an
    outcome earns on average there; `luck`, the uniforms of each topic.
    """

    calls: Calls
    situation: Situation
    not_shown: Floats
    shown: Floats
    margin: Floats
    luck: dict[str, Floats]

    @classmethod
    def of(cls, drawn: Drawn, calls: Calls) -> "Foresight":
        """Work it out."""
        counters = np.arange(len(calls))[:, None] * 64 + np.arange(len(ACTIONS))
        luck = {topic: uniforms(drawn.seed, topic, counters) for topic in _TOPICS}
        situation = drawn.year.situation(drawn.people, calls.person, calls.day, calls.channel)
        not_shown, shown = rates(situation, 0.9 + 0.2 * luck["day luck"])
        return cls(calls, situation, not_shown, shown, MARGINS * margin_factor(situation), luck)

    def rates(self, state: State, index: Ints) -> tuple[Floats, Floats]:
        """(not shown, shown) at these moments as the world stands, (n, n_actions) each."""
        person, ticket = self.calls.person[index], self.situation.ticket[index]
        return state.adjust(
            self.not_shown[index],
            self.shown[index],
            possible=state.possible(person, ticket, self.situation.contract[index]),
            held=state.held[person],
            harmed=self.situation.serious[index] & state.open_tickets(ticket),
        )

    def effects(self, state: State, index: Ints) -> Effects:
        """The truth at these moments as the world stands."""
        not_shown, shown = self.rates(state, index)
        channel, margin = self.calls.channel[index], self.margin[index]
        reach = _REACH[channel][:, None]
        cost = np.broadcast_to(_COSTS[channel][:, None], margin.shape)
        return Effects(margin * (reach * shown + (1 - reach) * not_shown), margin * not_shown, cost)

    def draws(self, index: int, action: int) -> Draws:
        """The chances that decide how the shown action is met."""
        at = (index, action)
        return Draws(*(float(self.luck[topic][at]) for topic in ("seen", "answers", "clicks", "waits")))

    def earned(self, index: int, action: int) -> float:
        """What the action's own outcome earns if it happens, around its mean."""
        return float(self.margin[index, action] * (0.6 + 0.8 * self.luck["earns"][index, action]))
