"""Transactions by customer and day, and what was known of each customer at a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from decisioning.errors import shortened
from training.encoding import Floats
from training.tabular.cells import numbers, words
from training.tabular.table import TableError
from training.tabular.unread import Unread, unread
from training.tabular.when import every_moment

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Transactions:
    """One row per customer and day, by customer, then day.

    Parameters: `customers`, ids in order of their codes; `code`, `day` (days since 1970) and `amount` (n,), the sum of
    that day.
    """

    customers: tuple[str, ...]
    code: Codes
    day: Floats
    amount: Floats

    def until(self, end: float) -> "Transactions":
        """What happened before a day."""
        rows = self.day < end
        return Transactions(self.customers, self.code[rows], self.day[rows], self.amount[rows])

    def spent(self, start: float, end: float) -> Floats:
        """Each customer's amount (n_customers,) from a day on and before another."""
        rows = (self.day >= start) & (self.day < end)
        return np.asarray(np.bincount(self.code[rows], self.amount[rows], len(self.customers)), dtype=np.float64)

    def first(self) -> Floats:
        """Each customer's first day (n_customers,); infinite of one without any."""
        out = np.full(len(self.customers), np.inf)
        np.minimum.at(out, self.code, self.day)
        return out


@dataclass(frozen=True, slots=True)
class Sources:
    """The columns of a table of transactions. Parameters: `amount`, one column, or two that are multiplied."""

    customer: str
    time: str
    amount: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Rows of a table that say nothing of a customer.

    Parameters: `rows`; of them, `nameless` ones; `customers` of whom no row is left; `example`, the first amount that
    cannot be read, "" where each can.
    """

    rows: int = 0
    nameless: int = 0
    customers: int = 0
    example: str = ""

    def in_words(self) -> tuple[str, ...]:
        """What is to be told of them; nothing of none."""
        if not self.rows:
            return ()
        shown = f" (the first that cannot be read: {shortened(self.example)!r})" if self.example else ""
        why = f"{self.nameless:,} name no customer, {self.rows - self.nameless:,} no amount{shown}"
        return (f"{self.rows:,} rows were left out, and with them {self.customers:,} customers: {why}",)


def transactions_of(frame: pd.DataFrame, sources: Sources) -> tuple[Transactions, LeftOut]:
    """The transactions of a table, and what was left out for want of a customer or an amount.

    Raises `TableError` where a column is not there, a time cannot be read, or no row is left.
    """
    for name in (sources.customer, sources.time, *sources.amount):
        if name not in frame.columns:
            listed = ", ".join(map(str, frame.columns))
            raise TableError(f"no column {name!r}; the table has: {listed}", code="unknown_column")
    customer = words(frame[sources.customer])
    amounts = [numbers(frame[name]) for name in sources.amount]
    amount = np.prod(amounts, axis=0)
    kept = customer.notna().to_numpy() & np.isfinite(amount)
    if not kept.any():
        raise TableError("no row has a customer and an amount", code="no_rows")
    day = np.floor(every_moment(frame[sources.time][kept]))
    known = _by_day(customer[kept].astype(str), day, amount[kept])
    lost = [unread(frame[name], each, "number") for name, each in zip(sources.amount, amounts, strict=True)]
    return known, _left_out(customer, kept, lost)


def _left_out(customer: pd.Series, kept: NDArray[np.bool_], lost: Sequence[Unread | None]) -> LeftOut:
    without = customer[~kept].dropna()
    gone = without[~without.isin(customer[kept])].nunique()
    example = next((each.example for each in lost if each), "")
    return LeftOut(int((~kept).sum()), int(customer.isna().sum()), int(gone), example)


def _by_day(customer: Any, day: Floats, amount: Floats) -> Transactions:
    names, code = np.unique(customer.to_numpy(dtype=str), return_inverse=True)
    order = np.lexsort((day, code))
    code, day, amount = code[order], day[order], amount[order]
    new = np.concatenate([[True], (np.diff(code) != 0) | (np.diff(day) != 0)])
    starts = np.flatnonzero(new)
    return Transactions(tuple(map(str, names)), code[starts], day[starts], np.add.reduceat(amount, starts))


@dataclass(frozen=True, slots=True)
class Summary:
    """What BG/NBD and Gamma-Gamma look at, of every customer (n,) that had bought.

    Parameters: `code`; `x`, repeat days of purchase; `t_x`, from the first to the last, and `age`, from the first to
    the end, in weeks; `paid`, days of purchase, and their `mean` amount.
    """

    code: Codes
    x: Floats
    t_x: Floats
    age: Floats
    paid: Floats
    mean: Floats


def summary(known: Transactions, end: float) -> Summary:
    """Summarise what was known at a day; days of which nothing positive is left (returns) are no purchases.

    The first purchase counts among those paid: it tells of a customer's amounts as much as any other.
    """
    bought = known.amount > 0
    code, day, amount = known.code[bought], known.day[bought], known.amount[bought]
    n = len(known.customers)
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(first, code, day)
    np.maximum.at(last, code, day)
    paid = np.bincount(code, minlength=n).astype(np.float64)
    total = np.bincount(code, weights=amount, minlength=n)
    seen = np.flatnonzero(paid)
    age, t_x = (end - first)[seen] / 7, (last - first)[seen] / 7
    return Summary(seen, paid[seen] - 1, t_x, age, paid[seen], (total[seen] / paid[seen]))
