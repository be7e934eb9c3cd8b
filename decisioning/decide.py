"""The use case: decide what to do next for one customer, over ports; HTTP, batch and the simulator compose this one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from math import isnan
from random import Random

from decisioning.action import NO_ACTION
from decisioning.arbitration import Factors, Mode, is_sound, priority
from decisioning.catalog import Placement
from decisioning.cold_start import CatalogScorer
from decisioning.contact_policy import Limits
from decisioning.customer import Customer, FeatureValue
from decisioning.decision import Decision, DecisionRequest, Exclusion, RankedAction, Versions
from decisioning.eligibility import UNREADABLE, CompiledCatalog, Funnel, Moment, funnel, values_of
from decisioning.errors import InvalidInputError, StaleContactsError, TsugiError
from decisioning.explanation import contribution_reasons, draw_reason, factor_reasons
from decisioning.exploration import Distribution, epsilon_greedy, ranking_key
from decisioning.holdout import Arm, arm_of
from decisioning.ports import Candidate, DecisionLog, ProfileReader, Scorer

ATTEMPTS = 5
"""How often a decision is made anew because the customer's contacts changed meanwhile, before nothing is offered."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What a decision is composed of, at the edge.

    Parameters: `explained`, how many ranked actions get the features that moved their propensity among their reasons.
    """

    catalog: CompiledCatalog
    profiles: ProfileReader
    scorer: Scorer
    log: DecisionLog
    explained: int = 0


@dataclass(frozen=True, slots=True)
class _Option:
    """One action that may be chosen, in its best treatment."""

    candidate: Candidate
    factors: Factors
    priority: float


@dataclass(frozen=True, slots=True)
class _Draw:
    """One rank as drawn: the action, the distribution it was drawn from, whether priority alone would choose it."""

    action: str
    distribution: Distribution
    is_best: bool


@dataclass(frozen=True, slots=True)
class _Case:
    """Everything one decision is made from."""

    request: DecisionRequest
    customer: Customer
    compiled: CompiledCatalog
    scorer: Scorer
    placement: Placement
    arm: Arm
    values: Mapping[str, FeatureValue]
    explained: int
    seed: int
    degraded: tuple[str, ...]


def decision_id_of(request_id: str, salt: str) -> str:
    """The id of the decision that answers a request: the same request has the same decision."""
    return "d_" + blake2b(f"{salt}:{request_id}".encode(), digest_size=12).hexdigest()


def seed_of(decision_id: str) -> int:
    """The seed of a decision's draws, a function of its id alone; 64 bits."""
    return int.from_bytes(blake2b(decision_id.encode(), digest_size=8, person=b"tsugi-seed").digest())


def placement_of(request: DecisionRequest, compiled: CompiledCatalog) -> Placement:
    """The placement asked for. Raises `InvalidInputError` for one unknown or of another channel."""
    placements = compiled.catalog.placements
    placement = placements.get(request.placement)
    if placement is None:
        raise InvalidInputError(
            f"unknown placement {request.placement!r}; the catalogue has {', '.join(sorted(placements))}",
            code="unknown_placement",
            field="placement",
        )
    if request.limit is not None and request.limit < 1:
        raise InvalidInputError(f"limit is {request.limit}; at least 1 is needed", field="limit")
    if request.channel not in ("", placement.channel):
        raise InvalidInputError(
            f"placement {placement.name!r} is of channel {placement.channel!r}, not {request.channel!r}",
            code="unknown_channel",
            field="channel",
        )
    return placement


def consider(
    request: DecisionRequest, customer: Customer, *, catalog: CompiledCatalog, scorer: Scorer, explained: int = 0
) -> Decision:
    """Decide for a customer as known at `customer.as_of`. Pure: equal arguments, equal decision.

    Parameters: `explained`, how many ranked actions get contribution reasons. Raises `InvalidInputError` for an
    unknown placement or channel. A scorer that fails is replaced by the catalogue's own starting propensities, and
    `degraded` says so.
    """
    placement = placement_of(request, catalog)
    arms = catalog.catalog.holdout
    arm = arm_of(customer.customer_id, arms)
    seed = seed_of(decision_id_of(request.request_id, arms.salt))
    values = values_of(customer, request.context)
    case = _Case(request, customer, catalog, scorer, placement, arm, values, explained, seed, customer.degraded)
    passed = funnel(catalog, Moment(customer, placement, values, arm))
    try:
        options, unsound = _options(case, passed)
    except TsugiError:
        case = replace(case, scorer=CatalogScorer(), degraded=(*case.degraded, "model"))
        options, unsound = _options(case, passed)
    return _conclude(case, options, [*_exclusions(passed), *unsound], passed.limits)


def _exclusions(passed: Funnel) -> list[Exclusion]:
    return [Exclusion(action, stop.stage, stop.reason) for action, stop in passed.stopped.items()]


def _options(case: _Case, passed: Funnel) -> tuple[dict[str, _Option], list[Exclusion]]:
    """Score every candidate, keep each action's best treatment, leave out what has no usable score."""
    candidates = [each for group in passed.candidates.values() for each in group]
    if not candidates:
        return {}, []
    scores = case.scorer.score(case.customer.features, candidates)
    options: dict[str, _Option] = {}
    for index, candidate in enumerate(candidates):
        factors = _factors(case, candidate, float(scores.propensity[index]), float(scores.uplift[index]))
        if not is_sound(factors):
            continue
        own = None if scores.priority is None else float(scores.priority[index])
        option = _Option(candidate, factors, priority(factors, _mode(case)) if own is None else own)
        name = candidate.action.name
        if name not in options or _precedes(option, options[name]):
            options[name] = option
    unsound = [Exclusion(name, "score", "no usable score") for name in passed.candidates if name not in options]
    return options, unsound


def _mode(case: _Case) -> Mode:
    return case.compiled.catalog.arbitration


def _precedes(one: _Option, other: _Option) -> bool:
    return ranking_key(one.candidate.treatment.name, one.priority) < ranking_key(
        other.candidate.treatment.name, other.priority
    )


def _factors(case: _Case, candidate: Candidate, propensity: float, uplift: float) -> Factors:
    action = candidate.action
    weight = case.compiled.context_weight(action.issue, case.values)
    lever = 1.0 if case.arm == "no_levers" else action.lever
    return Factors(propensity, uplift, action.value, candidate.treatment.cost, weight, lever)


def _epsilon(case: _Case) -> float:
    if case.arm == "random_eligible":
        return 1.0
    if not case.placement.explore:
        return 0.0
    exploration = case.compiled.catalog.exploration
    return exploration.epsilon_without_bundle if case.scorer.version == "none" else exploration.epsilon


def _conclude(case: _Case, options: Mapping[str, _Option], exclusions: list[Exclusion], limits: Limits) -> Decision:
    epsilon = _epsilon(case)
    draws = _draws(case, options, limits, epsilon=epsilon)
    first = draws[0].distribution.probabilities
    ranked = tuple(
        _ranked(case, options[draw.action], draw, rank=rank, action_probability=first[draw.action])
        for rank, draw in enumerate(draws, 1)
        if draw.action != NO_ACTION
    )
    request, catalog = case.request, case.compiled.catalog
    return Decision(
        decision_id=decision_id_of(request.request_id, catalog.holdout.salt),
        request_id=request.request_id,
        customer_id=case.customer.customer_id,
        reference=request.customer,
        decided_at=case.customer.as_of,
        channel=case.placement.channel,
        placement=case.placement.name,
        arm=case.arm,
        epsilon=epsilon,
        seed=case.seed,
        chosen=draws[0].action,
        ranked=ranked,
        eligible=first,
        scores={name: _score(option) for name, option in options.items()},
        exclusions=tuple(sorted(exclusions, key=lambda each: each.action)),
        features=case.customer.features,
        context=request.context,
        versions=Versions(catalog.version, case.scorer.version, case.compiled.policy_version),
        contacts_version=case.customer.history.version,
        degraded=case.degraded,
    )


def _score(option: _Option) -> tuple[float, float | None, float]:
    factors = option.factors
    return (factors.propensity, None if isnan(factors.uplift) else factors.uplift, option.priority)


def _draws(case: _Case, options: Mapping[str, _Option], limits: Limits, *, epsilon: float) -> list[_Draw]:
    """Draw rank after rank: every drawn action counts against the caps of those below it; nothing more may be drawn."""
    random = Random(case.seed)  # noqa: S311 (exploration, not cryptography)
    wanted = case.placement.limit if case.request.limit is None else case.request.limit
    pool = {name: option.priority for name, option in options.items()}
    if not (case.placement.must_fill and pool):
        pool[NO_ACTION] = 0.0
    draws: list[_Draw] = []
    while pool and len(draws) < wanted:
        draws.append(_draw(pool, random.random(), epsilon=epsilon))
        drawn = draws[-1].action
        if drawn == NO_ACTION:
            break
        limits = limits.after(options[drawn].candidate)
        pool = {name: pool[name] for name in pool if name != drawn and _is_open(options.get(name), limits)}
    return draws


def _is_open(option: _Option | None, limits: Limits) -> bool:
    return option is None or limits.reached_cap(option.candidate) is None


def _draw(pool: Mapping[str, float], uniform: float, *, epsilon: float) -> _Draw:
    distribution = epsilon_greedy(pool, epsilon)
    action = distribution.draw(uniform)
    best = min(pool, key=lambda name: ranking_key(name, pool[name]))
    return _Draw(action, distribution, action == best)


def _ranked(case: _Case, option: _Option, draw: _Draw, *, rank: int, action_probability: float) -> RankedAction:
    candidate, factors = option.candidate, option.factors
    rank_probability = draw.distribution.probabilities[draw.action]
    moved = case.scorer.explain(case.customer.features, candidate) if rank <= case.explained else ()
    return RankedAction(
        rank=rank,
        action=candidate.action.name,
        treatment=candidate.treatment.name,
        channel=candidate.treatment.channel,
        propensity=factors.propensity,
        uplift=None if isnan(factors.uplift) else factors.uplift,
        value=factors.value,
        cost=factors.cost,
        context_weight=factors.context_weight,
        lever=factors.lever,
        priority=option.priority,
        action_probability=action_probability,
        rank_probability=rank_probability,
        reasons=(
            *factor_reasons(factors, case.compiled.catalog.currency),
            *contribution_reasons(moved),
            *draw_reason(rank=rank, rank_probability=rank_probability, is_best=draw.is_best),
        ),
    )


def propose(request: DecisionRequest, *, ports: Ports, now: datetime, offer: bool = True) -> Decision:
    """Read the customer as of now and decide, without recording it.

    Parameters: `offer` false answers `no_action` whatever is eligible, for when contacts cannot be taken safely.
    """
    customer = ports.profiles.read(request.customer, now=now)
    if not offer:
        customer = replace(customer, degraded=(*customer.degraded, UNREADABLE))
    return consider(request, customer, catalog=ports.catalog, scorer=ports.scorer, explained=ports.explained)


def decide(
    request: DecisionRequest,
    *,
    ports: Ports,
    now: datetime,
    render: Callable[[Decision], bytes] = lambda _: b"",
    body_hash: str = "",
) -> Decision:
    """Decide and record durably; the decision is in the log when this returns.

    Decides anew where the customer's contacts changed between reading and recording, at most `ATTEMPTS` times, and
    then offers nothing. Parameters: `render` gives the answer that is stored for repeated requests. Raises
    `ConflictError` where the request id was used before.
    """
    for attempt in range(ATTEMPTS + 1):
        decision = propose(request, ports=ports, now=now, offer=attempt < ATTEMPTS)
        try:
            ports.log.record(decision, answer=render(decision), body_hash=body_hash).result()
        except StaleContactsError:
            continue
        return decision
    raise StaleContactsError(f"the contacts of {decision.customer_id} kept changing while deciding")
