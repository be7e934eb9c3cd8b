"""Overrides: a person sets a field by hand, says why, and may take it back; each is a record like any other.

An override is an identify event of the reserved source `manual`, with who and why in `context.override`.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from decisioning.errors import InvalidInputError
from features.addressee import EVENT_NAMES
from features.identifier import Identifier
from features.source import MANUAL

__all__ = ["MANUAL", "Override", "override_event", "override_of"]
MAX_LENGTH = 256


class Override(NamedTuple):
    """Who set a field by hand, and why; `removed` takes back what was set before."""

    by: str
    why: str
    removed: bool = False


def override_event(home: Identifier, traits: Mapping[str, Any], override: Override) -> dict[str, Any]:
    """The event that sets fields of the customer of an identifier, a user id or an anonymous one.

    Raises `InvalidInputError` where nobody or no reason is named.

    >>> override_event(("user_id", "u-1"), {"city": "Ube"}, Override("ana", "she called"))["userId"]
    'u-1'
    """
    for name, text in (("by", override.by), ("why", override.why)):
        if not text.strip() or len(text) > MAX_LENGTH:
            message = f"{name} has {len(text)} characters; an override says {name}, in 1 to {MAX_LENGTH}"
            raise InvalidInputError(message, field=name)
    kind, value = home
    return {
        "type": "identify",
        EVENT_NAMES[kind]: value,
        "traits": dict(traits),
        "context": {"override": override._asdict()},
    }


def override_of(body: bytes) -> Override:
    """What an override's record says of itself."""
    return Override(**orjson.loads(body)["context"]["override"])
