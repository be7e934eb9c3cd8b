"""The name of a batch, of which the ids of its decisions are made: one batch has it."""

from decisioning.errors import InvalidInputError
from decisioning.outbound.request import request_id_of
from features.decision_book import DecisionBook
from features.identity_cluster import ID_BEGINS
from pipelines.outbound.plan import Plan


def refuse_used_name(decisions: DecisionBook, plan: Plan) -> None:
    """Raise `InvalidInputError` where another batch recorded decisions under the name of this one.

    Another batch is one of another placement or moment. One decision is looked at.
    """
    found = decisions.one_of(request_id_of(plan.run, ID_BEGINS))
    if found is not None and not plan.made(found):
        used = f"for placement {found.placement} at {found.decided_at.isoformat()}"
        message = f"the batch name {plan.run!r} was used before, {used}; choose another name"
        raise InvalidInputError(message, field="batch")
