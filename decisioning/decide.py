"""The use case: decide what to do next for one customer, over ports; HTTP, batch and the simulator compose this one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b

from decisioning.case import Case
from decisioning.catalog import Catalog, Placement
from decisioning.cold_start import CatalogScorer
from decisioning.constraints import Constraints
from decisioning.customer import Customer, FeatureValue
from decisioning.decision import Decision, DecisionRequest, Exclusion, Versions
from decisioning.eligibility import UNREADABLE, CompiledCatalog, Stop
from decisioning.errors import StaleContactsError, TsugiError
from decisioning.feature_use import as_allowed
from decisioning.foresight import foreseen_of
from decisioning.funnel import Funnel, Moment, funnel, values_of
from decisioning.holdout import arm_of
from decisioning.option import Options, Weighing, options_of
from decisioning.placing import placement_of
from decisioning.pool import Priced
from decisioning.ports import DecisionLog, ProfileReader, Scorer
from decisioning.ranked_list import ranked_list
from decisioning.ranking import Drawing, Drawn, draw_ranks
from decisioning.rollout import MODEL, Rollout, rolled_out
from decisioning.stages import Stages, ended
from decisioning.stickiness import stuck_of
from decisioning.variant import variants_of
from decisioning.variation import varied

ATTEMPTS = 5
"""How often a decision is made anew because the customer's contacts changed meanwhile, before nothing is offered."""
_UNSCORED = Stop("score", "no usable score")


@dataclass(frozen=True, slots=True)
class Ports:
    """What a decision is composed of, at the edge.

    Parameters: `explained`, how many ranked actions get the features that moved their propensity among their reasons;
    `rollout`, a challenger beside the scorer; `degraded`, what every decision says of how it is composed.
    """

    catalog: CompiledCatalog
    profiles: ProfileReader
    scorer: Scorer
    log: DecisionLog
    explained: int = 0
    rollout: Rollout | None = None
    degraded: tuple[str, ...] = ()

    def takes(self, customer_id: str) -> bool:
        """Whether a challenger decides for this customer."""
        return self.rollout is not None and self.rollout.takes(customer_id, self.catalog.catalog.holdout)

    def foreseen(self, customer: Customer) -> dict[str, FeatureValue]:
        """What the bundle that decides for a customer foresees, as conditions name it; raises what it raises."""
        rollout = self.rollout if self.takes(customer.customer_id) else None
        return foreseen_of(rollout.scorer if rollout else self.scorer, customer.features)


def decision_id_of(request_id: str, salt: str) -> str:
    """The id of the decision that answers a request: the same request has the same decision."""
    return "d_" + blake2b(f"{salt}:{request_id}".encode(), digest_size=12).hexdigest()


def seed_of(decision_id: str) -> int:
    """The seed of a decision's draws, a function of its id alone; 64 bits."""
    return int.from_bytes(blake2b(decision_id.encode(), digest_size=8, person=b"tsugi-seed").digest())


def consider(
    request: DecisionRequest,
    customer: Customer,
    *,
    catalog: CompiledCatalog,
    scorer: Scorer,
    explained: int = 0,
    falls_back: bool = True,
) -> Decision:
    """Decide for a customer as known at `customer.as_of`. Pure: equal arguments, equal decision.

    Parameters: `explained`, how many ranked actions get contribution reasons; `falls_back` false, the placement's
    fallback stands back even for what has no usable score. Raises `InvalidInputError` for an unknown placement or
    channel. A scorer that fails is replaced by the catalogue's own starting propensities, and
    `degraded` says so.
    """
    considering = _considering(request, customer, catalog, scorer, explained=explained, falls_back=falls_back)
    return ended(considering)


def _considering(
    request: DecisionRequest,
    customer: Customer,
    catalog: CompiledCatalog,
    scorer: Scorer,
    *,
    explained: int,
    falls_back: bool = True,
) -> Stages[Decision]:
    """As `consider`: who comes through, what they are scored, what is drawn of it."""
    placement, catalog = placement_of(request, catalog), varied(catalog, customer.customer_id)
    customer = as_allowed(customer, channel=catalog.catalog.channels[placement.channel], catalog=catalog.catalog)
    arms = catalog.catalog.holdout
    arm = arm_of(customer.customer_id, arms)
    values = values_of(customer.features, request.context, now=customer.as_of, policy=catalog.catalog.contact_policy)
    try:
        if catalog.foresees:
            values |= foreseen_of(scorer, customer.features)
    except TsugiError:
        return _without_model(request, customer, catalog, explained=explained, falls_back=falls_back)
    weighing = _weighing(catalog, request, values, levers=arm != "no_levers")
    decision_id = decision_id_of(request.request_id, arms.salt)
    degraded, stuck = customer.degraded, stuck_of(request, customer.customer_id, catalog.catalog)
    case = Case(request, customer, catalog, scorer, placement, arm, weighing, explained, decision_id, degraded, stuck)
    through = funnel(catalog, Moment(customer, placement, values, arm, request.taken))
    through = through if falls_back else replace(through, reserve={})
    yield
    try:
        options, through = _weighed(case, through)
    except TsugiError:
        if catalog.foresees:  # what the scorer foresaw is as little to be relied on
            return _without_model(request, customer, catalog, explained=explained, falls_back=falls_back)
        case = replace(case, scorer=CatalogScorer(), degraded=(*case.degraded, MODEL))
        options, through = _weighed(case, through)
    yield
    return _conclude(case, options, through)


def _without_model(
    request: DecisionRequest, customer: Customer, catalog: CompiledCatalog, *, explained: int, falls_back: bool
) -> Decision:
    failed, scorer = replace(customer, degraded=(*customer.degraded, MODEL)), CatalogScorer()
    return consider(request, failed, catalog=catalog, scorer=scorer, explained=explained, falls_back=falls_back)


def _weighing(
    compiled: CompiledCatalog, request: DecisionRequest, values: Mapping[str, FeatureValue], *, levers: bool
) -> Weighing:
    catalog = compiled.catalog
    return Weighing(
        catalog.arbitration,
        compiled.context_weights(values),
        levers=levers,
        prices=[Priced(compiled.pools[key], price) for key, price in request.prices.items() if key in compiled.pools],
        said=values,
        formula=catalog.priority_formula,
        by_issue=catalog.arbitration_by_issue,
        ties=catalog.tie_break,
    )


def _weighed(case: Case, through: Funnel) -> tuple[Options, Funnel]:
    """What may be drawn; the fallback, where nothing that came through has a usable score."""
    options = _options(case, through)
    if options.names or not through.reserve:
        return options, through
    return _options(case, through.fallen_back), through.fallen_back


def _options(case: Case, through: Funnel) -> Options:
    slate = through.slates.of(tuple(through.passed))
    return options_of(slate, scorer=case.scorer, features=case.customer.features, weighing=case.weighing)


def _exclusions(options: Options, through: Funnel) -> tuple[Exclusion, ...]:
    """Everything the funnel stopped, and what passed but has no usable score; by name."""
    unsound = dict.fromkeys(through.passed.keys() - set(options.names), _UNSCORED)
    stops = {**through.stopped, **unsound}
    return tuple([Exclusion(name, stops[name].stage, stops[name].reason) for name in sorted(stops)])


def explores(placement: Placement, catalog: Catalog) -> bool:
    """Whether anything but the best may be drawn here, holdout arms aside."""
    return placement.explore and catalog.channels[placement.channel].explore


def temperature_of(placement: Placement, catalog: Catalog) -> float:
    """The temperature at which choices are drawn by their priorities; 0.0 where they are not."""
    return catalog.exploration.temperature if explores(placement, catalog) else 0.0


def samples(placement: Placement, catalog: Catalog) -> bool:
    """Whether a fast layer's posterior is drawn from, where there is one: a temperature takes its place."""
    return explores(placement, catalog) and not catalog.exploration.temperature


def epsilon_of(arm: str, placement: Placement, catalog: Catalog, *, version: str) -> float:
    """The exploration rate of a decision. Parameters: `version` of the bundle ("none": there is none)."""
    if not catalog.channels[placement.channel].explore:
        return 0.0
    if arm == "random_eligible":
        return 1.0
    if not placement.explore:
        return 0.0
    return catalog.exploration.epsilon_without_bundle if version == "none" else catalog.exploration.epsilon


def _epsilon(case: Case) -> float:
    return epsilon_of(case.arm, case.placement, case.compiled.catalog, version=case.scorer.version)


def _draws(case: Case, options: Options, through: Funnel, *, epsilon: float) -> Drawn:
    most = case.placement.limit if case.request.limit is None else case.request.limit
    placement, catalog = case.placement, case.compiled.catalog
    how = Drawing(
        seed_of(case.stuck or case.decision_id),
        epsilon,
        most,
        must_fill=placement.must_fill,
        sampled=samples(placement, catalog) and options.scores.correction is not None,
        variety=placement.variety,
        temperature=temperature_of(placement, catalog),
    )
    return draw_ranks(options, through, how)


def _conclude(case: Case, options: Options, through: Funnel) -> Decision:
    epsilon = _epsilon(case)
    draws, first = drawn = _draws(case, options, through, epsilon=epsilon)
    request, catalog = case.request, case.compiled.catalog
    return Decision(
        decision_id=case.decision_id,
        request_id=request.request_id,
        customer_id=case.customer.customer_id,
        reference=request.customer,
        decided_at=case.customer.as_of,
        channel=case.placement.channel,
        placement=case.placement.name,
        arm=case.arm,
        epsilon=0.0 if _is_mandatory(draws[0].action, case) else epsilon,
        seed=seed_of(case.stuck or case.decision_id),
        chosen=draws[0].action,
        ranked=tuple(ranked_list(case, options, drawn)),
        eligible=first,
        scores=options.recorded(),
        exclusions=_exclusions(options, through),
        features=case.customer.features,
        context=request.context,
        versions=Versions(catalog.version, case.scorer.version, case.compiled.policy_version),
        contacts_version=case.customer.history.version,
        degraded=case.degraded,
        limit=request.limit,
        learned=options.learned(),
        constraints=Constraints.of(case.customer),
        prices=request.prices,
        taken=request.taken,
        session=request.session,
        stuck=case.stuck,
        variants=variants_of(case.customer.customer_id, catalog.tests),
    )


def _is_mandatory(name: str, case: Case) -> bool:
    """Whether an action was certain to be drawn."""
    action = case.compiled.catalog.actions.get(name)
    return action is not None and action.mandatory


def propose(request: DecisionRequest, *, ports: Ports, now: datetime, offer: bool = True) -> Decision:
    """Read the customer as of now and decide, without recording it.

    Parameters: `offer` false answers `no_action` whatever is eligible, for when contacts cannot be taken safely.
    """
    return ended(proposing(request, ports=ports, now=now, offer=offer))


def proposing(request: DecisionRequest, *, ports: Ports, now: datetime, offer: bool = True) -> Stages[Decision]:
    """As `propose`, in stages; where a challenger is beside the scorer, one after the other in the last."""
    customer = ports.profiles.read(request.customer, now=now)
    degraded = (*customer.degraded, *ports.degraded, *(() if offer else (UNREADABLE,)))
    if degraded != customer.degraded:
        customer = replace(customer, degraded=degraded)
    yield

    def deciding(scorer: Scorer) -> Decision:
        return consider(request, customer, catalog=ports.catalog, scorer=scorer, explained=ports.explained)

    if ports.rollout is None:
        return (yield from _considering(request, customer, ports.catalog, ports.scorer, explained=ports.explained))
    return rolled_out(ports.rollout, ports.scorer, deciding, taken=ports.takes(customer.customer_id))


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
