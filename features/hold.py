"""Holds that people set: while one stands, a customer is not spoken to about some issues, or about any.

A hold is a track event like any other, `Hold Set` or `Hold Released`; of one name the newest counts for the customer.
Conditions in the catalogue hold by what features say; these hold because somebody says so.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from decisioning.customer import CustomerReference, StandingHold
from features.addressee import EVENT_NAMES, addressee
from features.identity import resolve
from features.instant import from_us, to_us
from features.intake import Intake
from features.ledger import Ledger, Snapshots
from features.segment import HOLD_RELEASED, HOLD_SET
from features.telling import tell


@dataclass(frozen=True, slots=True)
class SetHold:
    """What somebody says of a hold.

    Parameters: `hold_id`, sent again it counts once; `name` of the hold, shown as the reason; `issues` held, () for
    every one; `until`, when it ends by itself; `released`, it ends now.
    """

    hold_id: str
    reference: CustomerReference
    name: str
    issues: tuple[str, ...] = ()
    until: datetime | None = None
    released: bool = False


@dataclass(frozen=True, slots=True)
class HoldReceipt:
    """Whose hold it was, and whether it was known already."""

    customer_id: str
    duplicate: bool


class HoldReader:
    """The holds of a ledger, for reading."""

    def __init__(self, ledger: Snapshots) -> None:
        self._ledger = ledger

    def standing(self, customer_id: str, now: datetime) -> tuple[StandingHold, ...]:
        """The holds that stand now, by name.

        Raises: `UnavailableError` where they cannot be read; the caller must then offer nothing.
        """
        with self._ledger.read() as connection:
            rows = connection.execute(_NEWEST, (customer_id,)).fetchall()
        newest = {row[0]: row for row in rows}
        return tuple(
            StandingHold(name, tuple(orjson.loads(issues)), None if until_us is None else from_us(until_us))
            for name, held, issues, until_us in newest.values()
            if held and (until_us is None or to_us(now) < until_us)
        )


class HoldBook:
    """Takes holds in, as events of the customer."""

    def __init__(self, ledger: Ledger, intake: Intake) -> None:
        self._ledger = ledger
        self._intake = intake

    def accept(self, hold: SetHold, *, received_at: datetime) -> HoldReceipt:
        """Record a hold or its end; when this returns every later decision obeys it.

        Raises: `NotFoundError` where no customer is found that an event can name, `InvalidInputError` of what an event
        cannot say, `ConflictError` of an id that was used before for something else, `ErasedError` where that was
        erased.
        """
        with self._ledger.read() as connection:
            home = addressee(connection, hold.reference)
        is_known = tell(self._ledger, self._intake, [_event(hold, *home)], id_field="hold_id", received_at=received_at)
        with self._ledger.read() as connection:
            return HoldReceipt(resolve(connection, hold.reference) or "", is_known)


def _event(hold: SetHold, kind: str, value: str) -> dict[str, Any]:
    until = {"until": hold.until.isoformat()} if hold.until else {}
    return {
        "type": "track",
        "event": HOLD_RELEASED if hold.released else HOLD_SET,
        "messageId": hold.hold_id,
        EVENT_NAMES[kind]: value,
        "properties": {"hold": hold.name, "issues": list(hold.issues), **until},
    }


_NEWEST = """
    SELECT h.name, h.held, h.issues, h.until_us FROM identifier i JOIN hold h ON h.node = i.node
    WHERE i.customer_id = ? ORDER BY h.name, h.occurred_us, h.message_id
"""
