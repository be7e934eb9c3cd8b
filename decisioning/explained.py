"""What became of every action in a decision, and why: offered, eligible and not offered, or excluded and by what."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from decisioning.action import CONDITIONS, NO_ACTION
from decisioning.condition import compile_condition
from decisioning.customer import FeatureValue
from decisioning.decision import Decision, Exclusion, RankedAction
from decisioning.eligibility import CompiledCatalog
from decisioning.foresight import foreseen_of
from decisioning.formula import compile_formula
from decisioning.funnel import values_of
from decisioning.ports import Candidate, Scorer


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one feature did to a propensity: its value, and its share in log-odds."""

    feature: str
    value: FeatureValue
    log_odds: float


@dataclass(frozen=True, slots=True)
class ExplainedAction:
    """One action, as a decision looked at it.

    Parameters: `became`, what came of it; `why`, in words; `stage` that stopped it, and `read`, the values that the
    stopping condition read; `propensity`, `uplift`, `priority` and `action_probability` as used (None: not scored);
    `spread`, the SD with which a fast layer drew the propensity; `contributions`, largest first.
    """

    action: str
    became: Literal["ranked", "eligible", "excluded"]
    why: tuple[str, ...]
    rank: int | None = None
    treatment: str | None = None
    stage: str | None = None
    read: Mapping[str, FeatureValue] = field(default_factory=dict)
    propensity: float | None = None
    uplift: float | None = None
    spread: float | None = None
    priority: float | None = None
    action_probability: float | None = None
    contributions: tuple[Contribution, ...] = ()


def explained(decision: Decision, catalog: CompiledCatalog | None, scorer: Scorer | None) -> Iterator[ExplainedAction]:
    """Every action: those ranked, those eligible by falling priority, those excluded by name.

    Parameters: `catalog` and `scorer` of the versions that decided; what they alone know is left out where one is None.
    """
    for item in decision.ranked:
        yield _ranked(item, decision, _moved(item, decision, catalog, scorer))
    shown = {item.action for item in decision.ranked}
    left = [name for name in decision.eligible if name != NO_ACTION and name not in shown]
    for name in sorted(left, key=lambda name: (-decision.scores[name][2], name)):
        yield _eligible(name, decision, _n_asked(decision, catalog))
    foreseen = foreseen_of(scorer, decision.features) if scorer and catalog and catalog.foresees else {}
    for exclusion in decision.exclusions:
        yield _excluded(exclusion, decision, catalog, foreseen)


def _ranked(item: RankedAction, decision: Decision, moved: tuple[Contribution, ...]) -> ExplainedAction:
    return ExplainedAction(
        item.action,
        "ranked",
        item.reasons,
        rank=item.rank,
        treatment=item.treatment,
        propensity=item.propensity,
        uplift=item.uplift,
        spread=_spread(item.action, decision),
        priority=item.priority,
        action_probability=item.action_probability,
        contributions=moved,
    )


def _n_asked(decision: Decision, catalog: CompiledCatalog | None) -> int:
    """How many ranks were to be filled; as many as were, where that is not known."""
    placement = catalog.catalog.placements.get(decision.placement) if catalog else None
    usual = placement.limit if placement else len(decision.ranked)
    return usual if decision.limit is None else decision.limit


def _eligible(name: str, decision: Decision, n_asked: int) -> ExplainedAction:
    propensity, uplift, priority = decision.scores[name]
    return ExplainedAction(
        name,
        "eligible",
        (_not_drawn(name, decision, n_asked),),
        propensity=propensity,
        uplift=uplift,
        spread=_spread(name, decision),
        priority=priority,
        action_probability=decision.eligible[name],
    )


def _not_drawn(name: str, decision: Decision, n_asked: int) -> str:
    if decision.chosen == NO_ACTION:
        return f"doing nothing was drawn for rank 1, with probability {decision.eligible[NO_ACTION]:.3f}"
    above = sum(item.priority > decision.scores[name][2] for item in decision.ranked)
    n_ranked = len(decision.ranked)
    if n_ranked < n_asked:
        room = "doing nothing was drawn next, or what was shown left no room for it"
        return f"only {n_ranked} of {n_asked} ranks were filled: {room}"
    if above == n_ranked:
        return f"its priority is below that of the {n_ranked} shown"
    return f"not drawn for any of {n_ranked} ranks, or closed by what a higher rank used up or excludes"


def _excluded(
    exclusion: Exclusion, decision: Decision, catalog: CompiledCatalog | None, foreseen: Mapping[str, FeatureValue]
) -> ExplainedAction:
    text = _condition_of(exclusion, catalog)
    policy = catalog.catalog.contact_policy if catalog else None
    values = values_of(decision.features, decision.context, now=decision.decided_at, policy=policy) | dict(foreseen)
    names = compile_condition(text).names if text else _formula_of(exclusion)
    return ExplainedAction(
        exclusion.action,
        "excluded",
        (exclusion.reason,),
        stage=exclusion.stage,
        read={name: values.get(name) for name in sorted(names)},
    )


def _formula_of(exclusion: Exclusion) -> Collection[str]:
    """The names that the formula reads that stopped an action; none where none did."""
    text = exclusion.reason.partition(": ")[2] if exclusion.stage == "value" else ""
    return compile_formula(text).names if text else ()


def _condition_of(exclusion: Exclusion, catalog: CompiledCatalog | None) -> str:
    """The text of the condition that stopped an action; "" where none did."""
    if exclusion.stage in CONDITIONS:
        return exclusion.reason
    holds = catalog.holds if catalog is not None and exclusion.stage == "hold" else ()
    return next((hold.condition for hold, _ in holds if hold.name == exclusion.reason), "")


def _spread(action: str, decision: Decision) -> float | None:
    learned = decision.learned
    return learned.scores[action][1] if learned is not None and action in learned.scores else None


def _moved(
    item: RankedAction, decision: Decision, catalog: CompiledCatalog | None, scorer: Scorer | None
) -> tuple[Contribution, ...]:
    action = catalog.catalog.actions.get(item.action) if catalog else None
    treatment = next((each for each in action.treatments if each.name == item.treatment), None) if action else None
    if action is None or treatment is None or scorer is None:
        return ()
    shares = scorer.explain(decision.features, Candidate(action, treatment))
    return tuple(Contribution(name, decision.features.get(name), share) for name, share in shares)
