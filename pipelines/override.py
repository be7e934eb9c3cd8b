"""Sets a field of one customer's golden record by hand, or takes that back."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from decisioning.customer import CustomerReference
from decisioning.errors import InvalidInputError, NotFoundError
from features.addressee import addressee
from features.golden_record import FieldValue, GoldenRecord, GoldenRules
from features.identity import IdentityGraph
from features.override import MANUAL, Override, override_event
from pipelines.composition import Composition, compose
from pipelines.reference import reference_of


class FieldChange(NamedTuple):
    """What is asked: a field's new value, or with `remove` that what was set by hand goes."""

    field: str
    value: Any
    remove: bool


@dataclass(frozen=True, slots=True)
class Overridden:
    """What the field says now, and by which rule; `value` is None and `rule` "" where no other claim stands."""

    customer_id: str
    field: str
    value: Any
    rule: str


def change_of(text: str, *, remove: bool) -> FieldChange:
    """The change that `field=value` means, or with `remove` a field's name alone.

    Raises `InvalidInputError` where one is given and the other was meant.

    >>> change_of("vip=true", remove=False), change_of("city=Ube", remove=False).value
    (FieldChange(field='vip', value=True, remove=False), 'Ube')
    """
    field, sign, value = text.partition("=")
    if not field or bool(sign) == remove:
        wanted = "a field's name alone with --remove" if remove else "field=value, or a field's name with --remove"
        raise InvalidInputError(f"say {wanted}", field="change")
    return FieldChange(field, _json_or_text(value) if sign else None, remove)


def set_by_hand(home: Path, workspace: Path, identifier: str, *, change: FieldChange, by: str, why: str) -> Overridden:
    """Record it; durable, and in the profile and the features when this returns.

    Raises: `NotFoundError` where nothing is recorded of the customer, or nothing was set by hand that could be removed.
    """
    reference = reference_of(identifier)
    with compose(home, workspace) as composition:
        reference = composition.named(reference)
        before = _field(composition, reference, change.field)
        if change.remove and (before is None or before.override is None):
            raise NotFoundError(f"{change.field} was not set by hand", field="change")
        said = Override(by, why, removed=change.remove)
        _record(composition, reference, {change.field: _remaining(before) if change.remove else change.value}, said)
        after = _field(composition, reference, change.field)
        customer_id = _customer(composition, reference)
    return Overridden(customer_id, change.field, after and after.value, after.rule if after else "")


def overridden_in_words(done: Overridden) -> str:
    """One line."""
    said = f"{json.dumps(done.value, ensure_ascii=False)} ({done.rule})" if done.rule else "nothing"
    return f"{done.customer_id}: {done.field} is {said}"


def _record(composition: Composition, reference: CustomerReference, traits: dict[str, Any], override: Override) -> None:
    with composition.ledger.read() as connection:
        home = addressee(connection, reference)
    now = composition.clock()
    event = override_event(home, traits, override) | {"messageId": f"{MANUAL}-{uuid4()}", "timestamp": now.isoformat()}
    receipt = composition.intake.accept([event], received_at=now, source=MANUAL)
    for refused in receipt.rejected:
        raise InvalidInputError(refused.message, code=refused.code, field=refused.field)


def _remaining(before: FieldValue | None) -> Any:
    """What the field says without what was set by hand: features that read the newest value follow it, too."""
    ordinary = (each for each in before.losing if each.override is None) if before else ()
    return next((each.raw for each in ordinary), None)


def _field(composition: Composition, reference: CustomerReference, field: str) -> FieldValue | None:
    rules = GoldenRules.of(composition.workspace)
    return GoldenRecord(composition.ledger, rules).profile(_customer(composition, reference)).fields.get(field)


def _customer(composition: Composition, reference: CustomerReference) -> str:
    customer_id = IdentityGraph(composition.ledger).resolve(reference)
    if customer_id is None:
        raise NotFoundError(f"nothing is recorded of this {reference.kind}", field="identifier")
    return customer_id


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text
