"""A ranked list: of every action that was drawn, what the answer says of it and why."""

from datetime import UTC, datetime
from math import isnan

from decisioning.action import NO_ACTION, Treatment
from decisioning.case import Case
from decisioning.decision import RankedAction
from decisioning.explanation import contribution_reasons, draw_reason, factor_reasons
from decisioning.funnel import clock_of
from decisioning.option import Option, Options, learned_reason
from decisioning.ranking import Draw, Drawn
from decisioning.send_time import SendTime


def ranked_list(case: Case, options: Options, drawn: Drawn) -> list[RankedAction]:
    """What was drawn, rank by rank, doing nothing left out."""
    option_of = options.reader()
    return [
        _ranked(case, option_of(draw.action), draw, rank=rank, action_probability=drawn.first[draw.action])
        for rank, draw in enumerate(drawn.draws, 1)
        if draw.action != NO_ACTION
    ]


def _ranked(case: Case, option: Option, draw: Draw, *, rank: int, action_probability: float) -> RankedAction:
    candidate, factors = option.candidate, option.factors
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
        rank_probability=draw.probability,
        reasons=(
            *factor_reasons(factors, case.compiled.catalog.currency),
            *(contribution_reasons(moved) if moved else ()),
            *learned_reason(option),
            *(() if draw.is_best else (draw_reason(rank=rank, rank_probability=draw.probability),)),
        ),
        send_at=_send_at(case, candidate.treatment) if candidate.treatment.is_put_off else None,
    )


def _send_at(case: Case, treatment: Treatment) -> datetime:
    policy = case.compiled.catalog.contact_policy
    local = clock_of(case.customer.features, now=case.customer.as_of, policy=policy)
    later = SendTime(treatment.wait, treatment.send_hour)
    return later.after(local, case.compiled.slots[case.placement.name].quiet).astimezone(UTC)
