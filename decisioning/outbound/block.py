"""One block of a population through the funnel, scored and weighed in columns: what each customer could be offered.

Nothing is chosen yet: pools are shared, and their prices are found over everybody first (`allocation`).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from decisioning.arbitration import Stakes, Tie, are_sound, gains, priorities
from decisioning.arbitration_rule import Rule, Weights, columns_of
from decisioning.catalog import Placement
from decisioning.condition_array import Column, Words
from decisioning.condition_tree import FORESEEN
from decisioning.decide import samples
from decisioning.eligibility import CompiledCatalog, Entrant
from decisioning.fast_layer.scorer import FastScorer
from decisioning.foresight import FORESEEN_NAMES, foreseen_of
from decisioning.formula import compile_formula
from decisioning.funnel import Funnel, Moment, funnel, values_of
from decisioning.holdout import Arm
from decisioning.option import Weighing, order_of_ties
from decisioning.outbound.crowd import Crowd
from decisioning.outbound.factors import NAMES, Factors
from decisioning.outbound.likeness import Likeness, allowed, likeness, with_clock
from decisioning.ports import Candidate, Correction, Scorer, Scores
from decisioning.slate import Slate
from decisioning.variation import varied

Floats = NDArray[np.float64]
Ranks = NDArray[np.int32]


@runtime_checkable
class ColumnScorer(Protocol):
    """Scores many customers at once."""

    def encode(self, features: Mapping[str, Any], *, n_rows: int) -> Floats:
        """Columns by name as the matrix that `score_matrix` takes."""
        ...

    def score_matrix(self, customers: Floats, candidates: Sequence[Candidate]) -> Scores:
        """Score the candidates for n encoded customers; arrays of shape (n, n_candidates)."""
        ...


@dataclass(frozen=True, slots=True)
class Block:
    """What each of n customers could be offered.

    Parameters: `slate`, all m candidates of the placement; `priority` (n, m), before prices, NaN where a candidate may
    not be offered; `propensity` (n, m); `arms` (n,); `stopped`, how many actions each stage stopped; `bundles` (n,),
    the version of what scored; `preference` (n, m), the place of each candidate among equals (None: that of its name);
    `factors`, where priorities are drawn from a fast layer's posterior.
    """

    ids: Sequence[str]
    slate: Slate
    priority: Floats
    propensity: Floats
    arms: Sequence[Arm]
    stopped: Mapping[str, int]
    bundles: Sequence[str]
    preference: Ranks | None = None
    factors: Factors | None = None


def weighed(crowd: Crowd, compiled: CompiledCatalog, placement: Placement, scorer: Scorer) -> Block:
    """Pass a crowd through the funnel and weigh what comes through: as `decide.consider`, for everybody at once."""
    crowd = allowed(crowd, compiled, placement)
    if compiled.foresees:
        crowd = replace(crowd, columns={**crowd.columns, **foreseen_of_all(scorer, crowd)})
    slate, columns = _slate(compiled, placement), with_clock(crowd, compiled)
    amounts = amounts_of_all(slate, columns, len(crowd))
    kinds = likeness(crowd, compiled, placement, known=np.isfinite(np.concatenate(amounts, axis=1)))
    passed, reserve, weights, stopped = _through(crowd, compiled, placement, kinds, slate)
    scores = _scored(scorer, crowd, slate, np.flatnonzero(passed.sum(axis=1)))
    usable = slate.usable & are_sound(scores) & np.isfinite(amounts[0] + amounts[1])
    found = _Weighed(slate, scores, amounts, weights, columns)
    sound = np.where(usable, found.priorities(compiled), np.nan)
    if n_fallen := _fall_back(passed, reserve, sound):
        stopped["fallback"] -= n_fallen
    priority = np.where(passed, sound, np.nan)
    if n_unscored := _n_unscored(passed, priority, slate):
        stopped["score"] = n_unscored
    bundles, preference = [scorer.version] * len(crowd), found.preference(compiled.catalog.tie_break)
    is_sampled = isinstance(scorer, FastScorer) and samples(placement, compiled.catalog)
    factors = found.factors(compiled.catalog.priority_formula) if is_sampled else None
    return Block(crowd.ids, slate, priority, scores.propensity, kinds.arms, stopped, bundles, preference, factors)


def _fall_back(passed: NDArray[np.bool_], reserve: NDArray[np.bool_], priority: Floats) -> int:
    """Let the fallback through for whom nothing that passed has a priority; for how many."""
    empty = ~(passed & ~np.isnan(priority)).any(axis=1) & reserve.any(axis=1)
    passed[empty] |= reserve[empty]
    return int(empty.sum())


def _n_unscored(passed: NDArray[np.bool_], priority: Floats, slate: Slate) -> int:
    """How many actions came through of which no treatment has a priority."""
    if not slate.candidates:
        return 0
    through = np.logical_or.reduceat(passed, slate.starts, axis=1)
    weighed_ones = np.logical_or.reduceat(~np.isnan(priority), slate.starts, axis=1)
    return int((through & ~weighed_ones).sum())


def amounts_of_all(slate: Slate, columns: Mapping[str, Column], n: int) -> tuple[Floats, Floats]:
    """What an acceptance is worth and a contact costs, of each customer (n, m); NaN where that is not known."""
    shape = n, len(slate.candidates)
    values, costs = (np.broadcast_to(each, shape).copy() for each in (slate.values, slate.costs))
    for at, value, cost in slate.formulas:
        for out, formula in ((values, value), (costs, cost)):
            if formula is not None:
                found = formula.of_many(columns, n=n)
                out[:, at] = np.where((found >= 0.0) & np.isfinite(found), found, np.nan)
    return values, costs


def _slate(compiled: CompiledCatalog, placement: Placement) -> Slate:
    return Slate.of(each for entrant in compiled.slots[placement.name].entrants for each in entrant.candidates)


def _through(
    crowd: Crowd, compiled: CompiledCatalog, placement: Placement, kinds: Likeness, slate: Slate
) -> tuple[NDArray[np.bool_], NDArray[np.bool_], Weights, Counter[str]]:
    """Which candidates come through, which of a fallback stand back, their weights, (n, m) each; what was stopped."""
    shape, size = (len(kinds.examples), len(slate.candidates)), np.bincount(kinds.kind)
    passed, reserve, stopped = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_), Counter[str]()
    weights, levers = np.ones(shape), np.ones(shape)
    for kind, example in enumerate(kinds.examples.tolist()):
        through, weighing = _passed(crowd, compiled, placement, example, kinds.arms[example])
        passed[kind], reserve[kind] = _among(slate, through.passed), _among(slate, through.reserve)
        weights[kind], levers[kind] = weighing.weights(slate)
        for stop in through.stopped.values():
            stopped[stop.stage] += int(size[kind])
    return passed[kinds.kind], reserve[kinds.kind], Weights(weights[kinds.kind], levers[kinds.kind]), stopped


def _among(slate: Slate, entrants: Mapping[str, Entrant]) -> list[bool]:
    """Which candidates are of these actions, in a treatment that is left of them."""
    open_ones = {(name, each.treatment.name) for name, one in entrants.items() for each in one.candidates}
    return [(each.action.name, each.treatment.name) in open_ones for each in slate.candidates]


def _passed(
    crowd: Crowd, compiled: CompiledCatalog, placement: Placement, example: int, arm: Arm
) -> tuple[Funnel, Weighing]:
    customer, catalog = crowd.customer(example), compiled.catalog
    values = values_of(customer.features, {}, now=crowd.as_of, policy=catalog.contact_policy)
    through = funnel(varied(compiled, customer.customer_id), Moment(customer, placement, values, arm))
    weights = compiled.context_weights(values)
    return through, Weighing(catalog.arbitration, weights, levers=arm != "no_levers")


def _scored(scorer: Scorer, crowd: Crowd, slate: Slate, rows: NDArray[np.intp]) -> Scores:
    """The scores of everybody; NaN of those besides `rows`, who are not scored."""
    shape = len(crowd), len(slate.candidates)
    if not rows.size:
        return Scores(np.full(shape, np.nan), np.full(shape, np.nan))
    found = _found(scorer, crowd, slate, rows)
    propensity, uplift = (_everybody(each, rows, shape) for each in (found.propensity, found.uplift))
    given = None if found.priority is None else _everybody(found.priority, rows, shape)
    added = found.correction
    correction = None if added is None else Correction(added.seq, *(_everybody(e, rows, shape) for e in added[1:]))
    return Scores(propensity, uplift, given, correction, randomised=found.randomised)


def _everybody(known: Floats, rows: NDArray[np.intp], shape: tuple[int, int]) -> Floats:
    """What is known of these rows as of all; NaN of the others."""
    found = np.full(shape, np.nan)
    found[rows] = known
    return found


def _found(scorer: Scorer, crowd: Crowd, slate: Slate, rows: NDArray[np.intp]) -> Scores:
    columns = {name: _plain(column, rows) for name, column in crowd.columns.items()}
    if isinstance(scorer, FastScorer):
        return scorer.moved(_found(scorer.scorer, crowd, slate, rows), columns, slate.candidates)
    if isinstance(scorer, ColumnScorer):
        return scorer.score_matrix(scorer.encode(columns, n_rows=len(rows)), slate.candidates)
    each = [scorer.score(crowd.customer(int(row)).features, slate.candidates) for row in rows]
    given = None if each[0].priority is None else np.array([one.priority for one in each])
    propensity, uplift = np.array([one.propensity for one in each]), np.array([one.uplift for one in each])
    return Scores(propensity, uplift, given, randomised=each[0].randomised)


def foreseen_of_all(scorer: Scorer, crowd: Crowd) -> dict[str, Column]:
    """What the scorer foresees of everybody, by the names that conditions have for it; NaN where it does not."""
    below = scorer.scorer if isinstance(scorer, FastScorer) else scorer
    foresee_many, rows = getattr(below, "foresee_many", None), np.arange(len(crowd))
    if foresee_many:
        columns = {name: _plain(column, rows) for name, column in crowd.columns.items()}
        return {f"{FORESEEN}{name}": found for name, found in foresee_many(columns, n_rows=len(crowd)).items()}
    each = [foreseen_of(scorer, crowd.customer(row).features) for row in rows.tolist()]
    return {name: np.array([one.get(name, np.nan) for one in each], dtype=np.float64) for name in FORESEEN_NAMES}


def _plain(column: Column, rows: NDArray[np.intp]) -> NDArray[np.generic]:
    if not isinstance(column, Words):
        return column[rows]
    words = np.array([*column.vocabulary, None], dtype=np.object_)
    return words[np.nan_to_num(column.codes[rows], nan=len(column.vocabulary)).astype(np.intp)]


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What the priorities of a block are made of; arrays (n, m), columns (n,)."""

    slate: Slate
    scores: Scores
    amounts: tuple[Floats, Floats]
    weights: Weights
    columns: Mapping[str, Column]

    def priorities(self, compiled: CompiledCatalog) -> Floats:
        """The priorities (n, m), before prices."""
        if self.scores.priority is not None:
            return self.scores.priority
        catalog, factor = compiled.catalog, self.weights.context_weight * self.weights.lever
        rule = Rule.of(catalog)
        stakes = Stakes(*self.amounts, factor)
        if rule.is_simple:
            return priorities(gains(self.scores, stakes, rule.mode), stakes, rule.mode)
        return self._ruled(rule, Stakes(self.amounts[0].T, self.amounts[1].T, np.asarray(factor).T))

    def preference(self, ties: Sequence[Tie]) -> Ranks | None:
        """The place of each candidate among those of equal priority (n, m); None where names decide."""
        if not ties:
            return None
        (values, costs), shape = self.amounts, self.scores.propensity.shape
        order = order_of_ties(ties, self.scores, Stakes(values, costs, 1.0))
        ranks = np.empty(shape, dtype=np.int32)
        np.put_along_axis(ranks, order, np.broadcast_to(np.arange(shape[1], dtype=np.int32), shape), axis=1)
        return ranks

    def factors(self, formula: str) -> Factors:
        """What they are made of, and what a formula of priorities reads besides."""
        shape, scores = self.scores.propensity.shape, self.scores
        spread = np.nan if scores.correction is None else scores.correction.spread
        parts = (scores.propensity, scores.uplift, spread, *self.amounts, *self.weights)
        columns = [np.broadcast_to(np.asarray(each, dtype=np.float64), shape) for each in parts]
        read = {name: self.columns.get(name) for name in sorted(compile_formula(formula).names)} if formula else {}
        said = {name: column for name, column in read.items() if isinstance(column, np.ndarray)}
        return Factors(dict(zip(NAMES, columns, strict=True)), scores.priority is not None, said)

    def _ruled(self, rule: Rule, stakes: Stakes) -> Floats:
        """By issue, whose axis is the first: everything is turned."""
        scores = Scores(self.scores.propensity.T, self.scores.uplift.T, randomised=self.scores.randomised)
        weights = Weights(*(np.asarray(each).T for each in self.weights))
        columns = columns_of(scores, stakes, weights, said=self.columns)
        found: Floats = rule.priorities(self.slate.issues, scores, stakes, columns=columns).T
        return found
