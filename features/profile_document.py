"""A profile as plain data: what the HTTP interface answers and the command line prints."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

import numpy as np

from decisioning.customer import CustomerReference, FeatureValue, StandingHold
from decisioning.decision import Decision
from decisioning.errors import InvalidInputError, NotFoundError
from decisioning.ports import ProfileReader
from features.approach import Approach
from features.consent import Consent, ConsentBook
from features.fact import Fact
from features.feature_set import FeatureSet
from features.golden_record import FieldValue, GoldenRecord, GoldenRules
from features.group.company import Company, others_in
from features.group.reader import GroupReader
from features.groups import Group, GroupBook
from features.hold import HoldReader
from features.identity import IdentityGraph
from features.instant import to_us
from features.journey.customer_way import customer_ways
from features.ledger import Ledger, Snapshots, records_of
from features.past import Past, Rebuild, past_of
from features.record import facts_of
from features.replay import replay
from features.trigger.plans import PlannedMoment, Plans


@dataclass(frozen=True, slots=True)
class Shown:
    """What a profile shows besides: the claims that lost, and every consent answer that was ever given."""

    losing: bool = False
    consent_history: bool = False


@dataclass(frozen=True, slots=True)
class ProfileDocuments:
    """Writes profiles of one home.

    Parameters: `rules`, of the golden record; `rebuild`, by what the workspace says of identity; `plans`, of triggers.
    """

    ledger: Ledger
    features: FeatureSet
    rules: GoldenRules
    rebuild: Rebuild
    plans: Plans | None = None

    def now(
        self, reference: CustomerReference, profiles: ProfileReader, now: datetime, *, shown: Shown | None = None
    ) -> dict[str, Any]:
        """The profile as of now, with the features that a decision would read.

        Raises: `NotFoundError` where nothing is recorded of this reference, `UnavailableError` where a store fails.
        """
        customer_id = IdentityGraph(self.ledger).resolve(reference)
        if customer_id is None:
            raise _nobody(reference)
        customer = profiles.read(CustomerReference("customer_id", customer_id), now=now)
        return self._document((self.ledger, self.plans), (customer_id, now), customer.features, shown or Shown())

    def past(
        self, reference: CustomerReference, as_of: datetime, now: datetime, *, shown: Shown | None = None
    ) -> dict[str, Any]:
        """The profile as of a moment: what the records said that were known by then.

        Raises: `InvalidInputError` of a moment that is not over, `NotFoundError` where nothing was recorded by then.
        """
        if as_of > now:
            raise InvalidInputError("as_of is not over yet; what was known then is not known now", field="as_of")
        with past_of(self.ledger, reference, as_of, rebuild=self.rebuild) as past:
            if past.customer_id is None:
                raise _nobody(reference)
            values = self._past_features(past, past.customer_id, to_us(as_of))
            return self._document((past, None), (past.customer_id, as_of), values, shown or Shown())

    def _past_features(self, past: Past, customer_id: str, as_of_us: int) -> dict[str, FeatureValue]:
        """The features as they were; what a group of too many told is not known."""
        groups = self.features.groups
        circles = GroupReader(past, groups.kinds).circles(customer_id)
        everybody = [customer_id, *(other for _, other in others_in([circles]))]
        states = np.concatenate([replay(_facts(past, each), self.features) for each in everybody])
        company = Company([circles], states[:1], states[1:]) if circles else None
        values = self.features.values(states[:1], now_us=as_of_us, company=company)
        crowded = [kind for kind, circle in circles.items() if circle.group in past.crowds]
        return values | dict.fromkeys(name for kind in crowded for name in groups.by_kind[kind])

    def _document(
        self,
        told_by: tuple[Snapshots, Plans | None],
        who_when: tuple[str, datetime],
        features: Mapping[str, FeatureValue],
        shown: Shown,
    ) -> dict[str, Any]:
        (ledger, plans), (customer_id, as_of) = told_by, who_when
        identifiers = IdentityGraph(ledger).identifiers(customer_id)
        fields = GoldenRecord(ledger, self.rules).profile(customer_id).fields
        answers = ConsentBook(ledger).history(customer_id)
        return {
            "customer_id": customer_id,
            "as_of": moment(as_of),
            "identifiers": [{"kind": kind, "value": value} for kind, value in identifiers],
            "fields": {name: _field(value, losing=shown.losing) for name, value in fields.items()},
            "consents": _standing(answers),
            **({"consent_history": [_consent(answer) for answer in answers]} if shown.consent_history else {}),
            "features": dict(features),
            "groups": [_group(group) for group in GroupBook(ledger).of_customer(customer_id)],
            "journeys": customer_ways(_facts(ledger, customer_id), self.features, features, now=as_of),
            "holds": [_hold(each) for each in HoldReader(ledger).standing(customer_id, as_of)],
            **_approach(ledger, plans, customer_id, as_of),
        }


def _facts(ledger: Snapshots, customer_id: str) -> list[Fact]:
    with ledger.read() as connection:
        return facts_of(records_of(connection, customer_id))


def moment(at: datetime) -> str:
    """A moment as JSON has it.

    >>> from datetime import UTC
    >>> moment(datetime(2026, 3, 1, tzinfo=UTC))
    '2026-03-01T00:00:00Z'
    """
    return at.isoformat().replace("+00:00", "Z")


def _group(group: Group) -> dict[str, Any]:
    told = {"group_id": group.group_id, "since": moment(group.since), "members": group.n_members}
    return {**told, "traits": dict(group.traits)}


def _nobody(reference: CustomerReference) -> NotFoundError:
    return NotFoundError(f"nothing is recorded of this {reference.kind}", field="customer")


def _field(field: FieldValue, *, losing: bool) -> dict[str, Any]:
    """A field with its lineage; what was sent, where cleansing changed it or could not; who set it by hand."""
    said: dict[str, Any] = {
        "value": field.value,
        "source": field.source,
        "message_id": field.message_id,
        "occurred_at": moment(field.occurred_at),
        "rule": field.rule,
    }
    if field.cleansed_by:
        said |= {"raw": field.raw, "cleansed_by": field.cleansed_by}
    if field.note:
        said |= {"note": field.note}
    if field.override:
        said |= {"by": field.override.by, "why": field.override.why}
    return said | ({"losing": [_field(each, losing=False) for each in field.losing]} if losing else {})


def standing_consents(book: ConsentBook, customer_id: str) -> list[dict[str, Any]]:
    """The answers of a customer that stand, each with its proof, sorted by purpose and channel."""
    return _standing(book.history(customer_id))


def _standing(answers: Iterable[Consent]) -> list[dict[str, Any]]:
    said = (_consent(answer) for answer in answers if answer.stands)
    return sorted(said, key=lambda each: (each["purpose"], each["channel"]))


def _consent(answer: Consent) -> dict[str, Any]:
    return {
        "purpose": answer.purpose,
        "channel": answer.channel,
        "granted": answer.granted,
        "occurred_at": moment(answer.occurred_at),
        "received_at": moment(answer.received_at),
        "source": answer.source,
        "message_id": answer.message_id,
        "method": answer.method,
        "text": dict(answer.text),
    }


def _hold(hold: StandingHold) -> dict[str, Any]:
    return {"name": hold.name, "issues": list(hold.issues), "until": _moment_or_none(hold.until)}


def _moment_or_none(at: datetime | None) -> str | None:
    return None if at is None else moment(at)


def _approach(ledger: Snapshots, plans: Plans | None, customer_id: str, now: datetime) -> dict[str, Any]:
    """What is planned for a customer, soonest first, and what became of what was decided lately."""
    with ledger.read() as connection:
        approach = Approach.of(connection, customer_id, plans=plans, now=now)
    moments = plans.moments(IdentityGraph(ledger).nodes(customer_id), now=now) if plans else ()
    planned = [(each.at, _to_decide(each)) for each in moments]
    planned += [(at, _to_send(decision, trigger)) for at, decision, trigger in approach.planned()]
    return {
        "planned": [{"at": moment(at), **told} for at, told in sorted(planned, key=itemgetter(0))],
        "decisions": [_decision(decision, contacts) for decision, contacts in approach.recent()],
    }


def _to_decide(planned: PlannedMoment) -> dict[str, Any]:
    named = {"channel": planned.channel, "placement": planned.placement, "trigger": planned.trigger}
    return {**named, "decision_id": None, "actions": []}


def _to_send(decision: Decision, trigger: str | None) -> dict[str, Any]:
    named = {"channel": decision.channel, "placement": decision.placement, "trigger": trigger}
    return {**named, "decision_id": decision.decision_id, "actions": [item.action for item in decision.ranked]}


def _decision(decision: Decision, contacts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "decision_id": decision.decision_id,
        "decided_at": moment(decision.decided_at),
        "channel": decision.channel,
        "placement": decision.placement,
        "chosen": decision.chosen,
        "actions": [item.action for item in decision.ranked],
        "contacts": [{**each, "send_at": _moment_or_none(each["send_at"])} for each in contacts],
    }
