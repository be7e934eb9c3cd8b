"""Options: the actions that went through the funnel, scored, each in its best treatment; kept in columns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import NamedTuple

import numpy as np

from decisioning.arbitration import Factors, Floats, Mode, Stakes, Tie, all_sound, are_sound, gains, priorities
from decisioning.arbitration_rule import Rule, Weights, columns_of
from decisioning.customer import FeatureValue
from decisioning.decision import Learned
from decisioning.pool import Priced, charge
from decisioning.ports import Candidate, Scorer, Scores
from decisioning.slate import Places, Slate

LEAST_TOLD = 0.001
"""A change of the propensity that is worth a reason."""
NOTHING = Scores(np.empty(0), np.empty(0))
"""What a scorer says of no candidates."""


class Added(NamedTuple):
    """What the fast layer added to an option: the bundle's own propensity, the SD of what it became, as of a record."""

    bundle: float
    spread: float
    seq: int


class Option(NamedTuple):
    """One action that may be chosen, in its best treatment.

    Parameters: `given`, whether the bundle gave the priority itself; `learned`, where a fast layer moved it.
    """

    candidate: Candidate
    factors: Factors
    priority: float
    given: bool = False
    learned: Added | None = None


@dataclass(frozen=True, slots=True)
class Weighing:
    """What a decision multiplies values by.

    Parameters: `context_weights` by issue (1 where an issue is not named); `levers` false sets every lever to 1;
    `prices`, of what contacts take from pools, in money for each unit of the pool's own; `said`, what formulas may
    read; `formula` and `by_issue`, see `Rule`; `ties`, what decides between equal priorities.
    """

    mode: Mode
    context_weights: Mapping[str, float]
    levers: bool = True
    prices: Sequence[Priced] = ()
    said: Mapping[str, FeatureValue] = field(default_factory=dict)
    formula: str = ""
    by_issue: Mapping[str, Mode] = field(default_factory=dict)
    ties: tuple[Tie, ...] = ()

    @property
    def rule(self) -> Rule:
        """How priorities are made."""
        return Rule(self.mode, self.formula, self.by_issue)

    def weights(self, slate: Slate) -> Weights:
        """Context weights and levers, apart."""
        levers = slate.levers if self.levers else 1.0
        return Weights(np.array([self.context_weights.get(issue, 1.0) for issue in slate.issues]), levers)

    def charges(self, slate: Slate) -> Floats:
        """What the pools of these candidates cost besides, (n,): taken off their priorities before anything is drawn.

        It is no cost of the contact: it says what others would make of what is taken.
        """
        return np.array([charge(self.prices, each) for each in slate.candidates], dtype=np.float64)

    def stakes(self, slate: Slate) -> Stakes:
        """What the priorities of these candidates are made of besides their scores."""
        levers = slate.levers if self.levers else 1.0
        values, costs = slate.amounts(self.said)
        if not self.context_weights:
            return Stakes(values, costs, levers)
        weights = np.array([self.context_weights.get(issue, 1.0) for issue in slate.issues], dtype=np.float64)
        return Stakes(values, costs, weights * levers)


class Options(NamedTuple):
    """The options of a decision, by name of action, in columns (n,). A tuple, as every decision makes some.

    Parameters: `slate`, one candidate of each; `scores` and `priority` of those; `weighing`, how they were weighed;
    `gain` and `stakes`, what the priority was made of (the bundle's own has no gain).
    """

    slate: Slate
    scores: Scores
    priority: Floats
    weighing: Weighing
    stakes: Stakes
    gain: Floats | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Of the actions."""
        return self.slate.names

    def option(self, name: str) -> Option:
        """The option of this action."""
        return self.reader()(name)

    def reader(self) -> Callable[[str], Option]:
        """What gives the option of an action, for several of them: columns are made Python's own once."""
        n, added = len(self.names), self.scores.correction
        place = dict(zip(self.names, range(n), strict=True))
        numbers = self.scores.propensity, self.scores.uplift, self.stakes.value, self.stakes.cost, self.priority
        propensity, uplift, value, cost, priority = [_list(each, n) for each in numbers]
        learned = None if added is None else (added.bundle.tolist(), added.spread.tolist(), added.seq)
        context_weight, levers = self.weighing.context_weights.get, self.weighing.levers

        def option_of(name: str) -> Option:
            at = place[name]
            candidate = self.slate.candidates[at]
            action = candidate.action
            favour = context_weight(action.issue, 1.0), action.lever if levers else 1.0
            factors = Factors(propensity[at], uplift[at], value[at], cost[at], *favour)
            moved = None if learned is None else Added(learned[0][at], learned[1][at], learned[2])
            return Option(candidate, factors, priority[at], self.scores.priority is not None, moved)

        return option_of

    def recorded(self) -> dict[str, tuple[float, float | None, float]]:
        """(propensity, uplift or None, priority) by action, as a decision records them."""
        uplifts = [uplift if uplift == uplift else None for uplift in self.scores.uplift.tolist()]
        rows = zip(self.scores.propensity.tolist(), uplifts, self.priority.tolist(), strict=True)
        return dict(zip(self.names, rows, strict=True))

    def learned(self) -> Learned | None:
        """What a fast layer added, as a decision records it; None where there was none."""
        added = self.scores.correction
        if added is None or not self.names:
            return None
        rows = zip(added.bundle.tolist(), added.spread.tolist(), strict=True)
        treatments = [each.treatment.name for each in self.slate.candidates]
        names = self.names
        return Learned(added.seq, dict(zip(names, rows, strict=True)), dict(zip(names, treatments, strict=True)))


def _list(numbers: Floats | float, n: int) -> list[float]:
    each: list[float] = [numbers] * n if isinstance(numbers, float) else numbers.tolist()
    return each


def options_of(slate: Slate, *, scorer: Scorer, features: Mapping[str, FeatureValue], weighing: Weighing) -> Options:
    """Score the candidates and keep each action's best treatment; what has no usable score is left out."""
    scores = scorer.score(features, slate.candidates) if slate.candidates else NOTHING
    if not (slate.all_usable and all_sound(scores)):
        sound = np.flatnonzero(slate.usable & are_sound(scores))
        slate, scores = slate.take(sound), scores.take(sound)
    if slate.formulas:
        values, costs = slate.amounts(weighing.said)
        known = np.flatnonzero(np.isfinite(values + costs))
        slate, scores = slate.take(known), scores.take(known)
    options = _priced(slate, scores, weighing)
    if slate.single and not isnan(sum(options.priority.tolist())):
        return options
    best = _best(options)
    return _priced(slate.take(best), scores.take(best), weighing)


def _priced(slate: Slate, scores: Scores, weighing: Weighing) -> Options:
    stakes = weighing.stakes(slate)
    if scores.priority is not None:
        return Options(slate, scores, _charged(scores.priority, slate, weighing), weighing, stakes)
    if not weighing.rule.is_simple:
        columns = columns_of(scores, stakes, weighing.weights(slate), said=weighing.said)
        ruled = weighing.rule.priorities(slate.issues, scores, stakes, columns=columns)
        return Options(slate, scores, _charged(ruled, slate, weighing), weighing, stakes)
    gain = gains(scores, stakes, weighing.mode)
    priority = _charged(priorities(gain, stakes, weighing.mode), slate, weighing)
    return Options(slate, scores, priority, weighing, stakes, gain)


def _charged(priority: Floats, slate: Slate, weighing: Weighing) -> Floats:
    return priority - weighing.charges(slate) if weighing.prices else priority


def _best(options: Options) -> Places:
    """Where each action's first candidate by priority lies, then by treatment; NaN is none."""
    priority, slate = options.priority, options.slate
    order = np.lexsort((-priority, slate.nth_action))
    first = order[slate.starts]
    kept: Places = first[~np.isnan(priority[first])]
    return kept


def preferred(options: Options) -> Places | None:
    """The order in which options of equal priority are preferred; None where that is the order of their names."""
    ties = options.weighing.ties
    return order_of_ties(ties, options.scores, options.stakes) if ties else None


def order_of_ties(ties: Sequence[Tie], scores: Scores, stakes: Stakes) -> Places:
    """The order (…, n) in which candidates of equal priority are preferred; by name where that is equal too."""
    shape = scores.propensity.shape
    columns = {
        "value": stakes.value,
        "propensity": scores.propensity,
        "uplift": np.nan_to_num(scores.uplift, nan=-1.0),
        "cost": -np.asarray(stakes.cost),
    }
    keys = [-np.broadcast_to(columns[each], shape) for each in ties]
    order: Places = np.lexsort((np.broadcast_to(np.arange(shape[-1]), shape), *reversed(keys)), axis=-1)
    return order


def learned_reason(option: Option) -> tuple[str, ...]:
    """What recent answers moved, in words, where that is a tenth of a point or more."""
    moved = 0.0 if option.learned is None else option.factors.propensity - option.learned.bundle
    return (f"recent answers change that by {100 * moved:+.1f} points",) if abs(moved) >= LEAST_TOLD else ()
