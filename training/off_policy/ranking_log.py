"""A table of rankings, a row per place, as the estimators of rankings want it."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.encoding import Floats
from training.off_policy.ranking import RankingTerms
from training.reward_log import LEAST_PROBABILITY, MOST_MONEY
from training.tabular.cells import numbers, words
from training.tabular.table import TableError

DEEPEST = 100
"""Places that a ranking may have."""


@dataclass(frozen=True, slots=True)
class RankingColumns:
    """What the columns of a table of rankings say.

    Parameters: `ranking`, which one; `position` in it, from 1 on; `reward` of the place; `probability` and
    `target_probability` of its action given the places above, by the policy that logged and by the one to value;
    `marginal` and `target_marginal`, of its action at that place whatever stands above; `customer` (by default each
    ranking is one).
    """

    ranking: str
    position: str
    reward: str
    probability: str
    target_probability: str
    marginal: str | None = None
    target_marginal: str | None = None
    customer: str | None = None

    def check(self, frame: pd.DataFrame) -> None:
        """Raise `TableError` where a column that is named is not there, or one of the marginals is named alone."""
        if (self.marginal is None) != (self.target_marginal is None):
            raise TableError("name both --marginal and --target-marginal, or neither", field="marginal")
        for option in self.__slots__:
            name = getattr(self, option)
            if name is not None and name not in frame.columns:
                listed = ", ".join(map(str, frame.columns))
                raise TableError(f"no column {name!r}; the table has: {listed}", code="unknown_column", field=option)


@dataclass(frozen=True, slots=True)
class RankingLog:
    """Rankings that were shown. Parameters: `customers` (n,); `has_marginals`, whether the table told them."""

    terms: RankingTerms
    customers: NDArray[np.int64]
    has_marginals: bool


def rankings_of(frame: pd.DataFrame, columns: RankingColumns) -> RankingLog:
    """Read a table of rankings. Raises `TableError` naming the column and the first wrong row (the first is 1)."""
    columns.check(frame)
    if not len(frame):
        raise TableError("the log has no row", code="too_little_data")
    of, place = _owner(frame, columns.ranking), _place(frame, columns)
    shape = int(of.max()) + 1, int(place.max()) + 1
    _complete(of, place, shape, columns.position)

    shown = {columns.probability, columns.marginal}

    def spread(column: str, most: float = 1.0) -> Floats:
        out, found = np.full(shape, np.nan), _known(frame, column)
        _refuse((found < 0) & np.isfinite(most) | (found > most), column, "is no probability")
        if column in shown:
            _refuse(found == 0, column, "is not above 0: what was shown cannot have been impossible")
            _refuse(found < LEAST_PROBABILITY, column, f"is below {LEAST_PROBABILITY:g}: nobody shows so by chance")
        if column == columns.reward:
            _refuse(np.abs(found) > MOST_MONEY, column, f"is beyond {MOST_MONEY:g}")
        out[of, place] = found
        return out

    logged, target = spread(columns.probability), spread(columns.target_probability)
    told = (columns.marginal, columns.target_marginal) if columns.marginal and columns.target_marginal else None
    marginals = tuple(map(spread, told)) if told else (logged, target)
    terms = RankingTerms(spread(columns.reward, np.inf), logged, target, *marginals)
    return RankingLog(terms, _customers(frame, columns, of), told is not None)


def _owner(frame: pd.DataFrame, column: str) -> NDArray[np.int64]:
    text = words(frame[column])
    _refuse(text.isna().to_numpy(), column, "names nothing")
    return np.asarray(pd.factorize(text)[0], dtype=np.int64)


def _place(frame: pd.DataFrame, columns: RankingColumns) -> NDArray[np.int64]:
    at = _known(frame, columns.position)
    _refuse((at % 1 != 0) | (at < 1) | (at > DEEPEST), columns.position, f"is no place from 1 to {DEEPEST}")
    return at.astype(np.int64) - 1


def _complete(of: NDArray[np.int64], place: NDArray[np.int64], shape: tuple[int, int], column: str) -> None:
    """Every ranking holds each place from the first to its last, once."""
    held = np.zeros(shape, dtype=np.int64)
    np.add.at(held, (of, place), 1)
    broken = (held > 1).any(axis=1) | (np.diff(np.minimum(held, 1), axis=1) > 0).any(axis=1)
    wrong = broken | (held[:, 0] == 0)
    _refuse(wrong[of], column, "belongs to a ranking that lacks a place or holds one twice")


def _known(frame: pd.DataFrame, column: str) -> Floats:
    found = numbers(frame[column])
    _refuse(np.isnan(found), column, "is no number")
    return found


def _customers(frame: pd.DataFrame, columns: RankingColumns, of: NDArray[np.int64]) -> NDArray[np.int64]:
    first = np.unique(of, return_index=True)[1]
    return np.arange(len(first)) if columns.customer is None else _owner(frame, columns.customer)[first]


def _refuse(wrong: NDArray[np.bool_], column: str, problem: str) -> None:
    if wrong.any():
        told = f"column {column!r} {problem}: {int(wrong.sum()):,} of {len(wrong):,} rows, the first is row"
        raise TableError(f"{told} {int(np.argmax(wrong)) + 1}", code="unusable_log", field=column)
