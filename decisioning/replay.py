"""Replay: a recorded decision made again from its record, or as it would have been, had something been otherwise."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches

from decisioning.catalog import Catalog
from decisioning.cold_start import CatalogScorer
from decisioning.customer import Customer, FeatureValue
from decisioning.decide import consider
from decisioning.decision import Decision, DecisionRequest, RankedAction
from decisioning.eligibility import CompiledCatalog, compile_catalog
from decisioning.errors import InvalidInputError, NotFoundError, as_word
from decisioning.fast_layer.logged import as_logged
from decisioning.ports import Scorer
from decisioning.rollout import MODEL

BESIDE = ("shadow", "ranked")
"""What a replay is not compared by as it stands: another bundle's choice; ranked actions are, without their words."""

MOST_NAMED = 20
"""Names that a refusal lists; where there are more, the nearest."""


@dataclass(frozen=True, slots=True)
class Supposition:
    """What is supposed to have been otherwise; what is not named stays as it was.

    Parameters: `placement` to fill instead (""); values of `features` and `context`; `levers` by action.
    """

    placement: str = ""
    features: Mapping[str, FeatureValue] = field(default_factory=dict)
    context: Mapping[str, FeatureValue] = field(default_factory=dict)
    levers: Mapping[str, float] = field(default_factory=dict)


def replayed(logged: Decision, *, catalog: CompiledCatalog, scorer: Scorer, explained: int = 0) -> Decision:
    """The same decision, made again from its record; `differences` says whether it came out the same.

    Parameters: `catalog` and `scorer`, of the versions that the record names. Raises `NotFoundError` where the record
    is older than what a replay needs.
    """
    return consider(
        request_of(logged),
        customer_of(logged),
        catalog=catalog,
        scorer=_scorer(logged, scorer, exactly=True),
        explained=explained,
        falls_back=not _stood_back(logged),
    )


def supposed(
    logged: Decision, what: Supposition, *, catalog: CompiledCatalog, scorer: Scorer, explained: int = 0
) -> Decision:
    """What would have been decided with the same draws, had what is supposed been so. Nothing is recorded.

    Raises `InvalidInputError` of a placement, feature or action that the decision does not know, of a feature's value
    that is of another kind than the one it had, and as `replayed`.
    """
    _check_names(what.features, logged.features, what="feature", where="features")
    _check_kinds(what.features, logged.features)
    _check_names(what.levers, catalog.catalog.actions, what="action", where="levers")
    customer, request = customer_of(logged), request_of(logged)
    placement = what.placement or logged.placement
    return consider(
        replace(request, placement=placement, channel="", context={**logged.context, **what.context}),
        replace(customer, features={**customer.features, **what.features}),
        catalog=_levered(catalog, what.levers),
        scorer=_scorer(logged, scorer, exactly=False),
        explained=explained,
    )


def differences(logged: Decision, again: Decision) -> tuple[str, ...]:
    """The fields in which a replay came out otherwise; reasons are words made of the others, and not compared.

    Neither is the policy's version: the policy is a part of the catalogue, whose version is, and before its version was
    of the content alone, it also changed with the order of keys in the file.
    """
    again = replace(again, versions=replace(again.versions, policy=logged.versions.policy))
    names = [each.name for each in fields(Decision) if each.name not in BESIDE]
    found = [name for name in names if getattr(logged, name) != getattr(again, name)]
    return (*found, *(("ranked",) if _bare(logged) != _bare(again) else ()))


def request_of(logged: Decision) -> DecisionRequest:
    """The request that a decision answered."""
    return DecisionRequest(
        logged.request_id,
        logged.reference,
        logged.placement,
        logged.channel,
        logged.context,
        logged.limit,
        logged.prices,
        logged.taken,
        logged.session,
    )


def customer_of(logged: Decision) -> Customer:
    """The customer as the decision knew them. Raises `NotFoundError` where the record does not say what bound it."""
    if logged.constraints is None:
        raise NotFoundError(
            "this decision was recorded before consent and contacts were kept with it; it cannot be made again",
            code="not_replayable",
            field="decision_id",
        )
    customer = Customer(
        logged.customer_id,
        as_of=logged.decided_at,
        features=logged.features,
        degraded=logged.degraded,
    )
    return logged.constraints.bound(customer, version=logged.contacts_version)


def _scorer(logged: Decision, scorer: Scorer, *, exactly: bool) -> Scorer:
    """What scored then: the bundle as a fast layer had moved it, or the catalogue where the bundle failed."""
    return CatalogScorer() if MODEL in logged.degraded else as_logged(scorer, logged, exactly=exactly)


def _stood_back(logged: Decision) -> bool:
    """Whether the fallback stood back though nothing had a usable score, as it did before it was offered then."""
    return not logged.scores and any(each.stage == "fallback" for each in logged.exclusions)


def _levered(compiled: CompiledCatalog, levers: Mapping[str, float]) -> CompiledCatalog:
    if not levers:
        return compiled
    catalog: Catalog = compiled.catalog
    moved = {name: replace(catalog.actions[name], lever=lever) for name, lever in levers.items()}
    return compile_catalog(replace(catalog, actions={**catalog.actions, **moved}))


def _check_names(given: Collection[str], known: Collection[str], *, what: str, where: str) -> None:
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=MOST_NAMED) if len(known) > MOST_NAMED else []
            named = near or sorted(known)[:MOST_NAMED]
            more = f" and {len(known) - len(named)} more" if len(known) > len(named) else ""
            message = f"the decision knows no {what} {as_word(name)}; it knows {', '.join(named)}{more}"
            raise InvalidInputError(message, field=f"what_if.{where}")


def _check_kinds(given: Mapping[str, FeatureValue], logged: Mapping[str, FeatureValue]) -> None:
    """Refuse a word for what was a number, and the other way round: no condition would know what to do with it."""
    for name, value in given.items():
        was = logged[name]
        if value is not None and was is not None and isinstance(value, str) != isinstance(was, str):
            wanted, said = ("a word", "a number") if isinstance(was, str) else ("a number", "a word")
            message = f"feature {name!r} is {wanted}; given {said}"
            raise InvalidInputError(message, field=f"what_if.features.{name}")


def _bare(decision: Decision) -> tuple[RankedAction, ...]:
    return tuple(replace(each, reasons=()) for each in decision.ranked)
