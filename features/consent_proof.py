"""The proof of a consent: how the answer was given, and which text the customer saw.

A proof of another shape is no reason to refuse an answer, least of all a no: what cannot be read of it is left out.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

TEXT_PARTS = ("version", "hash", "url")
"""What identifies the text that was shown."""


class Proof(NamedTuple):
    """How, and which text: as far as it was sent."""

    method: str | None
    text: Mapping[str, str]


def proof_of(properties: Mapping[str, Any]) -> Proof:
    """The proof that a `Consent Updated` event carries.

    >>> proof_of({"method": "web form", "text": {"version": "2026-01"}})
    Proof(method='web form', text={'version': '2026-01'})
    >>> proof_of({"method": 7, "text": "yes"})
    Proof(method=None, text={})
    """
    method, text = properties.get("method"), properties.get("text")
    parts = text if isinstance(text, Mapping) else {}
    return Proof(
        method if isinstance(method, str) else None,
        {part: parts[part] for part in TEXT_PARTS if isinstance(parts.get(part), str)},
    )
