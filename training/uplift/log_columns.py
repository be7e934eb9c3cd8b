"""Which columns of a table say what of each logged decision, and the table as a log."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from decisioning.action import NO_ACTION
from decisioning.errors import shortened
from training.reward_log import LEAST_PROBABILITY, MOST_MONEY, TOLERANCE, Floats, LoggedRewards
from training.tabular.cells import names, numbers, words
from training.tabular.table import TableError
from training.uplift.log_time import times_of

FEWEST_OF_AN_ACTION = 50
"""An action that was chosen less often cannot be learned about."""
FEWEST_DECISIONS = 400
LARGEST_SHARE = 0.999
"""Rewards are cut at this quantile for learning and judging, unless a cap is stated: a few huge ones drown the rest."""


@dataclass(frozen=True, slots=True)
class LogColumns:
    """What the columns of a log are for.

    Parameters: `action`, `probability` of the action that was chosen, `reward`; `customer` (by default each row is
    one); `time`; `costs`, columns of money spent on the decision, or `action=amount`; `nothing`, the action that means
    to do nothing, where there is one; `context`, the columns to decide by (default: every other one but those to
    `drop`); `cap` of rewards.
    """

    action: str
    probability: str
    reward: str
    customer: str | None = None
    time: str | None = None
    costs: tuple[str, ...] = ()
    nothing: str | None = None
    context: tuple[str, ...] = ()
    drop: tuple[str, ...] = ()
    cap: float | None = None

    @property
    def named(self) -> dict[str, str]:
        """The columns that are named, by the option that names them."""
        one = {"action": self.action, "probability": self.probability, "reward": self.reward}
        more = {"customer": self.customer, "time": self.time}
        return one | {option: name for option, name in more.items() if name}

    @property
    def doing_nothing(self) -> str:
        """What doing nothing is called in the log."""
        return self.nothing or NO_ACTION

    @property
    def aside(self) -> frozenset[str]:
        """Columns that are no context."""
        return frozenset({*self.named.values(), *self.cost_columns, *self.drop})

    @property
    def cost_columns(self) -> tuple[str, ...]:
        """Of the costs, those that are columns."""
        return tuple(cost for cost in self.costs if "=" not in cost)

    @property
    def cost_by_action(self) -> dict[str, float]:
        """Of the costs, those that are stated by action. Raises `TableError` where one is no amount."""
        return dict(_stated(cost) for cost in self.costs if "=" in cost)

    def check(self, frame: pd.DataFrame) -> None:
        """Raise `TableError` where a column that is named is not there, or is named twice, or the cap is no amount."""
        many = (("cost", self.cost_columns), ("context", self.context), ("drop", self.drop))
        for option, name in (*self.named.items(), *((option, name) for option, listed in many for name in listed)):
            if name not in frame.columns:
                told = ", ".join(map(str, frame.columns))
                raise TableError(f"no column {name!r}; the table has: {told}", code="unknown_column", field=option)
        if self.cap is not None and np.isnan(self.cap):
            raise TableError("--cap is nan; an amount is needed, such as 200", field="cap")
        twice = next((name for name in self.context if name in self.aside), None)
        if twice is not None:
            raise TableError(f"the column {twice!r} is named for something else: it cannot be context", field="context")

    def context_of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The columns to decide by."""
        return frame[[name for name in self.context or frame.columns if name not in self.aside]]


def _stated(cost: str) -> tuple[str, float]:
    action, _, amount = cost.rpartition("=")
    found = pd.to_numeric(amount, errors="coerce")
    if not np.isfinite(found):
        raise TableError(f"the cost {cost!r} is not action=amount, such as call=4.50", field="cost")
    return action, float(found)


@dataclass(frozen=True, slots=True)
class TableLog:
    """A table as a log. Parameters: `when` (n,), comparable moments; `cap`, at which rewards were cut."""

    log: LoggedRewards
    when: Floats | None
    cap: float


def log_of(frame: pd.DataFrame, columns: LogColumns, *, actions: Sequence[str] = ()) -> TableLog:
    """Read a table as a log of decisions.

    Parameters: `actions`, in order, where they are known beforehand; else those that occur, sorted.
    Raises `TableError` naming the column, the problem and the first row (the first is 1).
    """
    columns.check(frame)
    if not len(frame):
        raise TableError("the log has no row", code="too_little_data")
    name = _action_names(frame, columns)
    if not actions:
        _check_nothing(name, columns)
    known = tuple(actions) or _in_order(name, columns)
    chosen = _chosen(name, known, columns)
    probability = _probability(frame, columns, known)
    reward = _numbers(frame, columns.reward) - _costs(frame, columns, name, known)
    cap = float(np.quantile(reward, LARGEST_SHARE)) if columns.cap is None else columns.cap
    log = LoggedRewards(
        known, _customers(frame, columns), chosen, _all_probabilities(chosen, probability, len(known)), reward,
        np.minimum(reward, cap),
    )  # fmt: skip
    return TableLog(log, times_of(frame, columns.time) if columns.time else None, cap)


def _action_names(frame: pd.DataFrame, columns: LogColumns) -> NDArray[np.object_]:
    text = names(frame[columns.action])
    refuse_rows(text.isna().to_numpy(), frame[columns.action], "names no action")
    return np.asarray(text.to_numpy(dtype=object))


def _check_nothing(name: NDArray[np.object_], columns: LogColumns) -> None:
    if columns.nothing and not (name == columns.nothing).any():
        listed = ", ".join(sorted(map(str, set(name)))[:12])
        raise TableError(f"no decision was {columns.nothing!r}; actions: {listed}", field="nothing")


def _in_order(name: NDArray[np.object_], columns: LogColumns) -> tuple[str, ...]:
    """The actions that occur, sorted; doing nothing stands where its usual name would, whatever it is called."""
    return tuple(sorted(set(name.tolist()), key=lambda each: NO_ACTION if each == columns.nothing else each))


def _chosen(name: NDArray[np.object_], known: Sequence[str], columns: LogColumns) -> NDArray[np.int64]:
    place = {action: column for column, action in enumerate(known)}
    strange = [each for each in set(name.tolist()) if each not in place]
    if strange:
        raise TableError(
            f"the log chose {sorted(strange)[0]!r}, which the policy does not know; it knows: {', '.join(known)}",
            code="unknown_action",
            field=columns.action,
        )
    return np.array([place[each] for each in name], dtype=np.int64)


def _probability(frame: pd.DataFrame, columns: LogColumns, known: Sequence[str]) -> Floats:
    cells = frame[columns.probability]
    found = numbers(cells)
    refuse_rows(np.isnan(found), cells, "has no probability: no estimator can mend that")
    refuse_rows(found <= 0, cells, "is not above 0: what was chosen cannot have been impossible")
    refuse_rows(found < LEAST_PROBABILITY, cells, f"is below {LEAST_PROBABILITY:g}: nobody chooses so by chance")
    refuse_rows(found > 1, cells, "is above 1")
    if len(known) == 1:
        others = f"is below 1, though the log chose {known[0]!r} only: decisions for another action are missing"
        refuse_rows(found < 1 - TOLERANCE, cells, others)
    return found


def _numbers(frame: pd.DataFrame, column: str) -> Floats:
    found = numbers(frame[column])
    refuse_rows(np.isnan(found), frame[column], "is no number")
    refuse_rows(np.abs(found) > MOST_MONEY, frame[column], f"is beyond {MOST_MONEY:g}")
    return found


def _costs(frame: pd.DataFrame, columns: LogColumns, name: NDArray[np.object_], known: Sequence[str]) -> Floats:
    total: Floats = sum((_numbers(frame, column) for column in columns.cost_columns), np.zeros(len(frame)))
    for action, amount in columns.cost_by_action.items():
        if action not in known:
            raise TableError(f"a cost is stated for {action!r}, which was never chosen", field="cost")
        total = total + amount * (name == action)
    return total


def _customers(frame: pd.DataFrame, columns: LogColumns) -> NDArray[np.int64]:
    if columns.customer is None:
        return np.arange(len(frame))
    text = words(frame[columns.customer])
    refuse_rows(text.isna().to_numpy(), frame[columns.customer], "names no customer")
    return np.asarray(pd.factorize(text)[0], dtype=np.int64)


def refuse_rows(wrong: NDArray[np.bool_], cells: pd.Series, problem: str) -> None:
    """Raise `TableError` where any row is wrong (n,), naming the column, the problem and the first cell."""
    if wrong.any():
        first, column = int(np.argmax(wrong)), str(cells.name)
        said = names(cells.iloc[first : first + 1]).iloc[0]
        given = "an empty cell" if said is None else repr(shortened(str(said)))
        told = f"column {column!r} {problem}: {int(wrong.sum()):,} of {len(wrong):,} rows, the first is row {first + 1}"
        raise TableError(f"{told}: {given}", code="unusable_log", field=column)


def _all_probabilities(chosen: NDArray[np.int64], probability: Floats, n_actions: int) -> Floats:
    """π₀ (n, n_actions) where only that of the chosen action is told.

    What is left is spread over the other actions by how often each was chosen: one that never was has probability 0.
    No estimate of a policy's value reads that. The doubly robust learner, the check of support and the value of the
    logging policy do: for them it is an approximation, where π₀ of the others varied.
    """
    share = np.bincount(chosen, minlength=n_actions) / len(chosen)
    rows = np.arange(len(chosen))
    spread = np.tile(share if (share > 0).sum() > 1 else np.ones(n_actions), (len(chosen), 1))
    spread[rows, chosen] = 0.0
    spread *= ((1 - probability) / np.maximum(spread.sum(axis=1), 1e-300))[:, None]
    spread[rows, chosen] = probability
    return spread


def check_learnable(log: LoggedRewards) -> None:
    """Raise `TableError` where there is too little to learn from: decisions, actions, or decisions of an action."""
    counts = np.bincount(log.chosen, minlength=len(log.actions))
    if len(log.chosen) < FEWEST_DECISIONS:
        told = f"{len(log.chosen):,} decisions; at least {FEWEST_DECISIONS} are needed"
        raise TableError(f"too little data: {told}", code="too_little_data")
    if len(log.actions) < 2:
        raise TableError(f"the log chose {log.actions[0]!r} only: there is nothing to compare", code="one_action")
    rare = int(counts.argmin())
    if counts[rare] < FEWEST_OF_AN_ACTION:
        told = f"{log.actions[rare]!r} was chosen in {counts[rare]:,} decisions; at least {FEWEST_OF_AN_ACTION}"
        raise TableError(f"{told} are needed: leave it out of the log", code="action_too_rare")
    if log.capped_reward.min() == log.capped_reward.max():
        raise TableError("every decision earned the same: there is nothing to learn", code="constant_reward")
