"""Logs that nothing should be learned from: what a retraining refuses before it spends anything, by name.

The gate refuses a candidate that is not shown to be better. It cannot see that a log lies in both of its parts alike: a
column written after the outcome, one answer only, decisions that stand there several times, a flood at the end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from decisioning.errors import InvalidInputError
from training.column_views import column_views
from training.dataset import DecisionLogFrame, even_rows, spread
from training.encoding import FeatureEncoder, Floats
from training.tabular.folds import stratified
from training.tabular.leak import SUSPICIOUS, TOO_WELL, own_auc

MOST_LOOKED_AT = 20_000
"""Decisions, evenly spread over the time, on which columns are looked at."""
MOST_TWINS = 2_000
"""Of the last decisions, that are looked for among those before."""
LARGEST_Z = 6.0
"""Standard errors that a feature's mean may differ by under an action: by chance once in 500 million."""
MOST_REPEATED = 0.1
"""The share of decisions that may stand in the log more than once."""
FLOOD = 10.0
"""How many times as many decisions an hour the last part may have as the time before it."""
LAST_SHARE = 0.3
FEWEST_SHOWN = 100
FEWEST_OF_EITHER = 10
"""Answers of either kind below which some feature of many tells them apart by chance: none is then looked at alone."""


def check_log(
    frame: DecisionLogFrame, encoder: FeatureEncoder, *, known: NDArray[np.bool_] | None = None
) -> tuple[str, ...]:
    """Refuse a log of matured decisions that would teach something false; what is only suspicious is returned.

    Parameters: `known` (n,), decisions whose features are at hand, where not all are: the others' are not looked at.
    Raises `InvalidInputError` with a code: `one_class`, `repeated_decisions`, `volume`, or `leak`, which names the
    feature.
    """
    _check_answers(frame)
    _check_repeats(frame)
    _check_volume(frame)
    told = frame if known is None else frame.take(np.flatnonzero(known))
    if not len(told):
        return ()
    return (*_check_columns(spread(told, MOST_LOOKED_AT), encoder), *_twins(told, encoder))


def _check_answers(frame: DecisionLogFrame) -> None:
    shown, accepted = int(frame.shown.sum()), int(frame.accepted[frame.shown].sum())
    if shown >= FEWEST_SHOWN and accepted in (0, shown):
        told = "none was accepted" if not accepted else "every one was accepted"
        raise InvalidInputError(f"of {shown:,} actions shown {told}: nothing can be told apart", code="one_class")


def _check_repeats(frame: DecisionLogFrame) -> None:
    """A customer is not decided for twice at one place in the same microsecond."""
    who, where = (
        np.unique(words.astype(str), return_inverse=True)[1] for words in (frame.customer_id, frame.placement)
    )
    distinct = len(np.unique(np.stack([who, where, frame.decided_us], axis=1), axis=0))
    share = 1.0 - distinct / max(len(frame), 1)
    if share > MOST_REPEATED:
        message = f"{share:.0%} of {len(frame):,} decisions repeat one of the same customer, placement and moment"
        raise InvalidInputError(f"{message}; {MOST_REPEATED:.0%} allowed", code="repeated_decisions")


def _check_volume(frame: DecisionLogFrame) -> None:
    first, cut, last = (float(at) for at in np.quantile(frame.decided_us, [0.0, 1.0 - LAST_SHARE, 1.0]))
    before, after = (1.0 - LAST_SHARE) / max(cut - first, 1.0), LAST_SHARE / max(last - cut, 1.0)
    if after > FLOOD * before:
        message = f"the last {LAST_SHARE:.0%} of the decisions came {after / before:.0f} times as fast as those before"
        raise InvalidInputError(f"{message}; less than {FLOOD:.0f} times allowed", code="volume")


def _check_columns(frame: DecisionLogFrame, encoder: FeatureEncoder) -> Iterator[str]:
    matrix = encoder.matrix(frame.features, n_rows=len(frame))
    alone = _alone(frame, matrix, [column.name for column in encoder.columns])
    told = {name: f"the feature {name!r} alone predicts acceptance with an AUC of {area:.3f}" for name, area in alone}
    too_well = [f"{told[name]}: it was known only later" for name, area in alone if area >= TOO_WELL]
    problems = [*_known_later(frame, matrix, encoder), *too_well]
    if problems:
        raise InvalidInputError("; ".join(problems[:5]), code="leak", field="features")
    return (f"{each}: is it known in time?" for each in told.values())


def _alone(frame: DecisionLogFrame, matrix: Floats, names: list[str]) -> list[tuple[str, float]]:
    """Features that alone predict acceptance well enough to be told of, and how well."""
    rows, label = matrix[frame.shown], frame.accepted[frame.shown].astype(np.float64)
    if min(label.sum(), (1 - label).sum()) < FEWEST_OF_EITHER:
        return []
    folds = stratified(label, n_folds=2, seed=0)
    areas = ((name, own_auc(rows[:, place], label, folds)) for place, name in enumerate(names))
    return [(name, area) for name, area in areas if area >= SUSPICIOUS]


def _twins(frame: DecisionLogFrame, encoder: FeatureEncoder) -> Iterator[str]:
    """The last decisions that stand among those before, equal in customer, features, choice and what came of it."""
    cut = len(frame) - int(LAST_SHARE * len(frame))
    late = cut + even_rows(len(frame) - cut, MOST_TWINS)
    known = np.isin(frame.customer_id[:cut].astype(str), frame.customer_id[late].astype(str))
    early = np.flatnonzero(known)
    early = early[even_rows(len(early), MOST_LOOKED_AT)]
    keys = _keys(frame.take(np.concatenate([early, late])), encoder)
    share = float(np.isin(keys[len(early) :], keys[: len(early)]).mean()) if len(late) else 0.0
    if share > MOST_REPEATED:
        yield (
            f"{share:.0%} of the decisions of the last {LAST_SHARE:.0%}, which judge, also stand among those learned "
            "from: the same customer, features, choice and answer. Is the log in it twice?"
        )


def _keys(frame: DecisionLogFrame, encoder: FeatureEncoder) -> NDArray[np.void]:
    """One comparable value for all of each decision but its id and its time, (n,)."""
    owner = np.unique(frame.customer_id.astype(str), return_inverse=True)[1]
    matrix = np.nan_to_num(encoder.matrix(frame.features, n_rows=len(frame)), nan=-9.75e300)
    came = [owner, frame.chosen, frame.shown, frame.accepted, frame.capped_reward]
    whole = np.ascontiguousarray(np.column_stack([matrix, *came]).astype(np.float64))
    return whole.view(np.dtype((np.void, whole.dtype.itemsize * whole.shape[1]))).ravel()


def _known_later(frame: DecisionLogFrame, matrix: Floats, encoder: FeatureEncoder) -> Iterator[str]:
    """Features that depend on what was chosen, though chance chose: they were written afterwards, or π₀ is wrong.

    Among decisions at which an action was eligible, what was known before has the same mean whether it was chosen
    (weighted by 1/π₀) or not.
    """
    owner = np.unique(frame.customer_id.astype(str), return_inverse=True)[1]
    told: dict[int, tuple[float, str]] = {}
    views, column_of = column_views(matrix, encoder.columns)
    known = _Known.of(views, owner, np.zeros(0, dtype=np.int64))
    for column, action in enumerate(frame.actions):
        chance = frame.eligible_probability[:, column]
        rows = np.flatnonzero((chance > 0) & (chance < 1))
        if not np.array_equal(rows, known.rows):
            known = _Known.of(views, owner, rows)
        z = known.differences(frame.chosen == column, chance)
        for place in np.flatnonzero(z > LARGEST_Z):
            of = int(column_of[place])
            told[of] = max(told.get(of, (0.0, "")), (float(z[place]), action))
    for number, (off, action) in sorted(told.items(), key=lambda each: -each[1][0]):
        where = f"{off:.0f} standard errors off under {action!r}"
        yield (
            f"the feature {encoder.columns[number].name!r} depends on what was chosen ({where}): it was not known "
            "before the decision, or the logged probabilities are wrong"
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """What was known at some decisions, of which several actions may ask.

    Parameters: `rows` (n,); `values` (n, n_columns), centred, and their `squares`; `owner` (n,), whose they are.
    """

    rows: NDArray[np.int64]
    values: Floats
    squares: Floats
    owner: NDArray[np.int64]

    @classmethod
    def of(cls, matrix: Floats, owner: NDArray[np.int64], rows: NDArray[np.int64]) -> "_Known":
        values = _centred(matrix[rows])
        return cls(rows, values, np.square(values), owner[rows])

    def differences(self, chosen: NDArray[np.bool_], chance: Floats) -> Floats:
        """By how many standard errors each feature's weighted mean is off under an action, (n_columns,).

        The larger of two errors counts: that of the sums by customer, and what chance alone makes, Σ v² (1 − π₀) / π₀.
        The first knows nothing of an action that was due to be chosen for one of a feature's few customers and was not;
        the second nothing of one that was chosen for several.

        Parameters: whether each decision of the log chose the action, and with which probability.
        """
        share = chance[self.rows]
        weights = chosen[self.rows] / share - 1.0
        places = self.owner, np.arange(len(share))
        by_owner: Any = csr_array((weights, places), shape=(int(self.owner.max(initial=0)) + 1, len(share)))
        sums: Floats = by_owner @ self.values
        by_chance = (1.0 / share - 1.0) @ self.squares
        error = np.sqrt(np.maximum(np.square(sums).sum(axis=0), by_chance))
        off: Floats = np.where(error > 0, np.abs(sums.sum(axis=0)) / np.maximum(error, 1e-300), 0.0)
        return off


def _centred(values: Floats) -> Floats:
    """Columns less their means; what is not known counts as the mean."""
    known = np.isfinite(values)
    mean = np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, values - mean, 0.0)
