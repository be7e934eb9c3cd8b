"""What responses have changed: what is had now, which tickets were solved early, which contracts were renewed."""

from dataclasses import dataclass

import numpy as np

from bankworld.business import ACTIONS, DEEDS, INDEX, OFFERS
from bankworld.people import Flags, Floats, Ints

_CALLBACK, _LOYALTY = INDEX["ticket_callback"], INDEX["loyalty_bonus"]
_HARMED = 0.3


def _better_with() -> Floats:
    factors = np.ones((len(ACTIONS), len(ACTIONS)))
    factors[INDEX["mortgage_talk"], INDEX["home_insurance"]] = 1.6
    factors[INDEX["app_activation"], INDEX["paperless"]] = 1.3
    factors[INDEX["savings_plan"], INDEX["investment_fund"]] = 1.4
    factors[INDEX["personal_loan"], INDEX["overdraft_raise"]] = 0.5
    return factors


@dataclass(frozen=True, slots=True)
class State:
    """The part of the world that moves with responses.

    Parameters: `held` (n_customers, n_actions), changed in place; `solved` tickets and `renewed` contracts, by index.
    """

    held: Flags
    solved: set[int]
    renewed: set[int]

    def take(self, person: int, action: int, *, ticket: int, contract: int) -> None:
        """The action's own outcome happened: it cannot happen again."""
        if DEEDS[action].lasting:
            self.held[person, action] = True
        if action == _CALLBACK:
            self.solved.add(ticket)
        if action == _LOYALTY:
            self.renewed.add(contract)

    def possible(self, person: Ints, ticket: Ints, contract: Ints) -> Flags:
        """Whether each action's own outcome can still happen, (n, n_actions)."""
        possible: Flags = ~self.held[person]
        possible[:, _CALLBACK] = self.open_tickets(ticket)
        possible[:, _LOYALTY] = (contract >= 0) & ~_within(contract, self.renewed)
        return possible

    def open_tickets(self, ticket: Ints) -> Flags:
        """Whether the ticket is still open."""
        return (ticket >= 0) & ~_within(ticket, self.solved)

    def adjust(
        self, not_shown: Floats, shown: Floats, *, possible: Flags, held: Flags, harmed: Flags
    ) -> tuple[Floats, Floats]:
        """The rates as they are now: holdings open doors, a serious ticket closes them, nothing is had twice.

        Parameters: arrays (n, n_actions); `harmed` (n,), whether a serious ticket is open: then an offer makes its own
        outcome rarer than silence does.
        """
        doors = np.exp(held @ np.log(_BETTER_WITH))
        better = np.minimum(not_shown + np.maximum(shown - not_shown, 0) * doors, 0.6)
        shown = np.where(shown > not_shown, better, shown)
        shown = np.where(harmed[:, None] & OFFERS, not_shown * _HARMED, shown)
        return not_shown * possible, shown * possible


_BETTER_WITH = _better_with()


def _within(index: Ints, known: set[int]) -> Flags:
    return np.array([number in known for number in index.tolist()], dtype=bool)
