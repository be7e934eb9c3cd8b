"""Refused bodies after an erasure: those that name somebody who was erased are not even kept as refused."""

import re
import sqlite3
from collections.abc import Iterable, Iterator

from features.identifier import Identifier, normal_email, normal_phone
from features.privacy.escapes import readings
from features.privacy.tombstone import REQUEST, Tombstones, tombstones_of
from features.record import DECISION, EVENT, OUTCOME
from features.rejection import Rejection

Refused = tuple[Rejection, bytes]
_KINDS: dict[str, tuple[str, ...]] = {
    "userid": ("user_id",),
    "anonymousid": ("anonymous_id",),
    "previousid": ("user_id", "anonymous_id"),
    "loyaltyid": ("loyalty_id",),
    "customerid": ("customer_id",),
    "email": ("email",),
    "phone": ("phone",),
    "messageid": (EVENT,),
    "decisionid": (DECISION,),
    "outcomeid": (OUTCOME,),
    "requestid": (REQUEST,),
}
_NAMED = re.compile(
    r"""["']?\b(user_?id|anonymous_?id|previous_?id|loyalty_?id|customer_?id|email|phone|message_?id|decision_?id"""
    r"""|outcome_?id|request_?id)["']?\s*[:=]\s*(?:"([^"]+)"|'([^']+)'|([^\s"',;}]+))""",
    re.IGNORECASE,
)
_NORMAL = {"email": normal_email, "phone": normal_phone}


def keepable(connection: sqlite3.Connection, refused: Iterable[Refused]) -> list[Refused]:
    """The refused bodies that name nobody who was erased."""
    tombstones = tombstones_of(connection)
    if tombstones is None:
        return list(refused)
    return [(why, raw) for why, raw in refused if not _names_erased(raw, tombstones)]


def _names_erased(raw: bytes, tombstones: Tombstones) -> bool:
    return any(tombstones.erased_us(*name) is not None for name in names_in(raw.decode(errors="replace")))


def names_in(text: str) -> Iterator[Identifier]:
    """Whom, and which record, a body of whatever form names: what stands behind the names of identifiers and ids.

    >>> list(names_in('{"userId": "u-7", "traits": {"email": "Ana@Example.org"}, "messageId": 12}'))
    [('user_id', 'u-7'), ('email', 'ana@example.org'), ('event', '12')]
    """
    found = dict.fromkeys(each for reading in readings(text) for each in _NAMED.findall(reading))
    for key, *values in found:
        value = next(filter(None, values))
        for kind in _KINDS[key.lower().replace("_", "")]:
            yield kind, _NORMAL.get(kind, str)(value) or value
