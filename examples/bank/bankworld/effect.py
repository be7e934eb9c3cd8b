"""The truth: how likely each action's own outcome is within ten days when it is not shown, and when it is.

Each rule reads like a salesperson's experience. An answer is a pair (not shown, shown) of probabilities before taste,
channel and chance of the day; a rule never looks at what other actions do, so showing one changes its own outcome only.
"""

from collections.abc import Callable

import numpy as np

from bankworld.business import ACTIONS, INDEX, OFFERS
from bankworld.people import Floats
from bankworld.situation import Situation

Rates = tuple[Floats, Floats]
MOST = 0.6
SELDOM = 0.0015
WANTED = 0.025
_UNHAPPY = -0.4


def _offer(at: Situation, product: str, fitting: Floats, *, wanted: Floats | float) -> Rates:
    interested = at.wants(product)
    shown = np.where(interested, np.maximum(wanted, fitting), fitting)
    return np.where(interested, WANTED, SELDOM), np.maximum(shown, SELDOM)


def savings_plan(at: Situation) -> Rates:
    """Suits nearly everyone a little, and those with money lying about more."""
    who = at.people
    fitting = np.where(who.balance > 6, 0.23, 0.155)
    fitting = np.where((who.employment == 2) | (who.age > 74), 0.04, fitting)
    return _offer(at, "savings_plan", fitting, wanted=0.36)


def credit_card(at: Situation) -> Rates:
    """The young with an income, and whoever has just begun to look."""
    who = at.people
    fitting = np.where((who.age < 36) & (who.income > 30), 0.31, 0.015)
    fresh = at.wants("credit_card", to_day=9)
    return _offer(at, "credit_card", fitting, wanted=np.where(fresh, 0.50, 0.20))


def personal_loan(at: Situation) -> Rates:
    """Middle incomes with little on the account; never those who could not pay it back."""
    who = at.people
    fitting = np.where((who.balance < 2.5) & (who.age > 24) & (who.age < 55), 0.27, 0.010)
    able = who.income > 22
    return _offer(at, "personal_loan", np.where(able, fitting, 0.002), wanted=np.where(able, 0.46, 0.01))


def mortgage_talk(at: Situation) -> Rates:
    """Renters in their thirties and forties who earn; the interest has to ripen for a week."""
    who = at.people
    suits = ~who.owner & (who.income > 36) & (who.age < 52)
    ripe = at.wants("mortgage_talk", from_day=6)
    fitting = np.where(suits & (who.age > 27), 0.14, 0.005)
    return _offer(at, "mortgage_talk", fitting, wanted=np.where(suits, np.where(ripe, 0.46, 0.16), 0.02))


def travel_insurance(at: Situation) -> Rates:
    """Those who travel often, the more so without children."""
    who = at.people
    fitting = np.where(who.trips >= 4, np.where(who.children == 0, 0.36, 0.16), 0.02)
    return _offer(at, "travel_insurance", fitting, wanted=np.where(who.trips >= 2, 0.50, 0.15))


def home_insurance(at: Situation) -> Rates:
    """Owners only."""
    who = at.people
    fitting = np.where(who.owner & (who.age > 40), 0.20, np.where(who.owner, 0.10, 0.002))
    return _offer(at, "home_insurance", fitting, wanted=np.where(who.owner, 0.50, 0.03))


def investment_fund(at: Situation) -> Rates:
    """The affluent in the second half of working life, if they think well of the bank."""
    who = at.people
    suits = (who.segment >= 1) & (who.age > 38) & (who.mood > -0.6)
    fitting = np.where(suits, np.where(who.segment == 2, 0.30, 0.21), 0.008)
    return _offer(at, "investment_fund", fitting, wanted=np.where(who.segment >= 1, 0.44, 0.10))


def overdraft_raise(at: Situation) -> Rates:
    """Those whose account runs low and who have work."""
    who = at.people
    fitting = np.where((who.balance < 1.8) & (who.employment <= 1), 0.34, 0.015)
    return _offer(at, "overdraft_raise", fitting, wanted=np.where(who.employment <= 1, 0.44, 0.08))


def app_activation(at: Situation) -> Rates:
    """The younger half of those without the app."""
    who = at.people
    return np.full(len(who), 0.003), np.where(who.age < 58, np.where(who.digital > -0.8, 0.46, 0.26), 0.04)


def ticket_callback(at: Situation) -> Rates:
    """Works for an open ticket, better for a serious one."""
    is_open = at.ticket >= 0
    shown = np.where(at.serious, 0.60, 0.28)
    return np.where(is_open, 0.03, 0.0), np.where(is_open, shown, 0.0)


def paperless(at: Situation) -> Rates:
    """Those who live online."""
    who = at.people
    return np.full(len(who), 0.003), np.where((who.age < 52) & (who.digital > -0.3), 0.42, 0.07)


def fee_waiver(at: Situation) -> Rates:
    """Wins back the discontent. The content come by themselves, unless it makes them think about fees."""
    unhappy = at.people.mood < _UNHAPPY
    return np.where(unhappy, 0.004, 0.02), np.where(unhappy, 0.37, 0.003)


def loyalty_bonus(at: Situation) -> Rates:
    """During the notice period only: keeps the discontent, and has the content shop around."""
    notice, unhappy = at.contract >= 0, at.people.mood < _UNHAPPY
    not_shown = np.where(unhappy, 0.02, 0.07)
    shown = np.where(unhappy, 0.44, 0.02)
    return np.where(notice, not_shown, 0.0), np.where(notice, shown, 0.0)


RULES: dict[str, Callable[[Situation], Rates]] = {
    rule.__name__: rule
    for rule in (
        savings_plan, credit_card, personal_loan, mortgage_talk, travel_insurance, home_insurance, investment_fund,
        overdraft_raise, app_activation, ticket_callback, paperless, fee_waiver, loyalty_bonus,
    )
}  # fmt: skip


def channel_factor(at: Situation) -> Floats:
    """How much better or worse a channel works for these people, (n_moments,)."""
    who = at.people
    liked = (who.preferred == at.channel) & (who.preferred >= 0)
    plain = np.select(
        [at.via("web"), at.via("app"), at.via("email")],
        [1.0, np.where(who.age < 40, 1.15, 0.9), 0.75],
        np.where(who.age > 55, 1.6, 1.2),
    )
    return plain * np.where(liked, 1.2, 1.0)


def rates(at: Situation, day_luck: Floats) -> tuple[Floats, Floats]:
    """(not shown, shown), each (n_moments, n_actions), as if nothing were held and no ticket had been solved early.

    Parameters: `day_luck` (n_moments, n_actions), a factor with mean 1 that nobody can foresee.
    """
    pairs = [RULES[action](at) for action in ACTIONS]
    not_shown = np.stack([pair[0] for pair in pairs], axis=1)
    shown = np.stack([pair[1] for pair in pairs], axis=1)
    factor = at.people.taste * day_luck * channel_factor(at)[:, None]
    better = shown > not_shown
    shown = np.where(better, not_shown + (shown - not_shown) * factor, shown)
    silent = at.talking[:, None] & OFFERS
    return not_shown, np.clip(np.where(silent, not_shown, shown), 0.0, MOST)


def margin_factor(at: Situation) -> Floats:
    """How much more the same outcome earns with some people, (n_moments, n_actions)."""
    factor = np.ones((len(at.people), len(ACTIONS)))
    factor[:, INDEX["investment_fund"]] = np.array([0.7, 1.0, 1.5])[at.people.segment]
    factor[:, INDEX["savings_plan"]] = np.where(at.people.balance > 6, 1.15, 0.95)
    return factor
