"""A few transactions long after all others: a mistyped year, which moves the day that expectations start from."""

import numpy as np

from training.value.transactions import Transactions

FEW = 0.01
"""Of all days of purchase, the share up to which those behind a gap are odd."""


def straggling(known: Transactions, horizon: float) -> tuple[str, ...]:
    """What is to be told of the few days of purchase that more than a horizon (in days) parts from all before."""
    days, counts = np.unique(known.day, return_counts=True)
    behind = counts[::-1].cumsum()[::-1][1:]
    gaps = np.diff(days)
    odd = np.flatnonzero((gaps > horizon) & (behind <= FEW * len(known.day)))
    if not len(odd):
        return ()
    n, gap, last = int(behind[odd[0]]), gaps[odd[0]], days[-1:].astype("datetime64[D]")[0]
    told = (
        f"{n:,} of {len(known.day):,} days of purchase ({n / len(known.day):.2%}) lie {gap:,.0f} days after all others"
    )
    return (f"{told}, the last on {last}: what is expected is expected from then on",)
