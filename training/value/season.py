"""The level of business ahead, by the same days of last year, as far as the history reaches them."""

import numpy as np

from training.value.transactions import Transactions

YEAR = 364.0
"""Days: whole weeks, so that Mondays meet Mondays."""
FEWEST_DAYS = 7
OPEN = 0.05
"""Of a horizon's amount, the share that new customers bring where a business goes on: a closed cohort only ages."""


def season(known: Transactions, *, end: float, horizon: float) -> float:
    """By how much business of the horizon ahead should exceed that of the horizon past.

    The level of the horizon past is 1. Where the days ahead were seen a year before, their level is what they had
    against that; from now to the first of them it is drawn in a straight line, and so on between. 1 where fewer than a
    week of them was seen, or where no new customers come.
    """
    first = float(known.day.min())
    ahead = np.arange(end, end + horizon)
    seen = (ahead - YEAR >= first) & (ahead - YEAR < end)
    usual = known.spent(end - horizon, end).sum() / horizon
    if seen.sum() < FEWEST_DAYS or end - first < horizon or usual <= 0 or _new(known, end - horizon, end) < OPEN:
        return 1.0
    level = np.mean([known.spent(day - YEAR, day - YEAR + 1).sum() for day in ahead[seen]]) / usual
    days = np.concatenate([[end], ahead[seen]])
    path = np.interp(ahead, days, np.concatenate([[1.0], np.full(int(seen.sum()), level)]))
    return float(path.mean())


def _new(known: Transactions, start: float, end: float) -> float:
    """The share of an amount that customers first seen in the same days bring."""
    spent = known.spent(start, end)
    return float(spent[known.first() >= start].sum() / spent.sum())
