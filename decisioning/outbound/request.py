"""What a batch asks for each customer: the request that a single decision would be made of."""

from collections.abc import Mapping

from decisioning.customer import CustomerReference
from decisioning.decision import DecisionRequest

FREE: Mapping[str, float] = {}


def request_id_of(run: str, customer_id: str) -> str:
    """The id of a customer's request within a run."""
    return f"{run}:{customer_id}"


def request_of(run: str, customer_id: str, *, placement: str, prices: Mapping[str, float] = FREE) -> DecisionRequest:
    """The request of a customer within a run.

    >>> request_of("june", "c_1", placement="mail").request_id
    'june:c_1'
    """
    reference = CustomerReference("customer_id", customer_id)
    return DecisionRequest(request_id_of(run, customer_id), reference, placement, "", limit=1, prices=prices)
