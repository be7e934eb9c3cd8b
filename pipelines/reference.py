"""Reads how a customer is named on the command line."""

from collections.abc import Sequence
from typing import Any, cast, get_args, get_type_hints

from decisioning.customer import CustomerReference
from decisioning.errors import InvalidInputError

KINDS: tuple[str, ...] = get_args(get_type_hints(CustomerReference)["kind"])


def reference_of(text: str) -> CustomerReference:
    """The reference that `kind:value` means, or a customer's id alone.

    Raises `InvalidInputError` that names the kinds, and never repeats the value.

    >>> reference_of("user_id:u-17").kind
    'user_id'
    >>> reference_of("c_d27ad701a6859b35").kind
    'customer_id'
    """
    if text.startswith("c_") and ":" not in text:
        return CustomerReference("customer_id", text)
    kind, separator, value = text.partition(":")
    if not separator or not value or kind not in KINDS:
        raise InvalidInputError(f"name the customer as kind:value; kinds are {', '.join(KINDS)}", field="identifier")
    return CustomerReference(cast("Any", kind), value)


def references_of(texts: Sequence[str]) -> list[CustomerReference]:
    """As `reference_of`, of several; `InvalidInputError` where there is none."""
    if not texts:
        raise InvalidInputError("name at least one customer as kind:value", field="identifier")
    return [reference_of(text) for text in texts]
