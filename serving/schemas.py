"""The shapes of requests: what a body may hold, checked strictly before anything else sees it."""

from decimal import Decimal
from hashlib import blake2b
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from decisioning.call import MOST_PLACEMENTS, request_of_place
from decisioning.customer import CustomerReference
from decisioning.decision import DecisionRequest
from decisioning.errors import InvalidInputError
from decisioning.outcome import Outcome, OutcomeType
from decisioning.replay import Supposition
from features.consent_intake import GivenConsent
from features.hold import SetHold
from features.identifier import by_country
from features.privacy.objection import Objection
from serving.body_field import PRINTABLE, Fact, FactName, Identifier, Instant, Proof, Strict

MAX_EVENTS = 2500
"""Events or outcomes of one batch, by Segment's convention."""
_MONEY = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"


def digest(session: str) -> str:
    """What is kept of a session's name, which may be anything: it tells sessions apart, and no more.

    >>> digest("tab-7") == digest("tab-7"), len(digest("tab-7"))
    (True, 24)
    """
    return blake2b(session.encode(), digest_size=12).hexdigest()


class CustomerBody(Strict):
    """Who: exactly one identifier."""

    customer_id: Identifier | None = None
    user_id: Identifier | None = None
    anonymous_id: Identifier | None = None
    email: Annotated[str, Field(min_length=3, max_length=254, pattern=PRINTABLE)] | None = None
    phone: Annotated[str, Field(min_length=3, max_length=32, pattern=PRINTABLE)] | None = None
    loyalty_id: Identifier | None = None

    def reference(self, country: str = "") -> CustomerReference:
        """Give the one identifier, a national phone number as one of this country.

        Raises `InvalidInputError` where there is none, or more than one.
        """
        given = [(kind, value) for kind, value in self if value is not None]
        if len(given) != 1:
            raise InvalidInputError(
                f"{len(given)} identifiers given; exactly one of {', '.join(type(self).model_fields)} is needed",
                code="invalid_customer",
                field="customer",
            )
        return by_country(CustomerReference(*given[0]), country)  # type: ignore[arg-type]  # fields are named like kinds


class DecisionBody(Strict):
    """What `POST /v1/decisions` asks: for whom, where, at most how many actions, and features named for how many."""

    request_id: Identifier
    customer: CustomerBody
    placement: Identifier = ""
    placements: Annotated[list[Identifier], Field(min_length=1, max_length=MOST_PLACEMENTS)] = Field(
        default_factory=list
    )
    channel: Annotated[str, Field(max_length=128)] = ""
    session: Identifier = ""
    context: Annotated[dict[FactName, Fact], Field(max_length=64)] = Field(default_factory=dict)
    limit: Annotated[int, Field(ge=1, le=100)] | None = None
    explain: Annotated[int, Field(ge=0, le=100)] = 0

    def requests(self, country: str = "") -> list[DecisionRequest]:
        """Give the domain's requests, one for each placement: the first has the id, the nth has `#n` behind it.

        Raises `InvalidInputError` where there is no placement, both ways of naming them, or one twice.
        """
        if bool(self.placement) == bool(self.placements):
            raise InvalidInputError("placement or placements is needed, not both", field="placement")
        named = self.placements or [self.placement]
        if len(set(named)) < len(named):
            raise InvalidInputError("each placement is filled once; one is named twice", field="placements")
        return [self._request(name, place, country) for place, name in enumerate(named, 1)]

    def _request(self, placement: str, place: int, country: str) -> DecisionRequest:
        return DecisionRequest(
            request_id=request_of_place(self.request_id, place),
            customer=self.customer.reference(country),
            placement=placement,
            channel=self.channel,
            context=self.context,
            limit=self.limit,
            session=digest(self.session) if self.session else "",
        )


class SuppositionBody(Strict):
    """What is supposed to have been otherwise; what is not named stays as it was."""

    placement: Identifier | None = None
    features: Annotated[dict[FactName, Fact], Field(max_length=64)] = Field(default_factory=dict)
    context: Annotated[dict[FactName, Fact], Field(max_length=64)] = Field(default_factory=dict)
    levers: Annotated[dict[Identifier, Annotated[float, Field(ge=0, le=1e6)]], Field(max_length=64)] = Field(
        default_factory=dict
    )


class ExplanationBody(Strict):
    """What `POST /v1/explanations` asks: which decision, and what if."""

    decision_id: Identifier
    what_if: SuppositionBody | None = None

    def supposition(self) -> Supposition | None:
        """Give the domain's supposition; None where nothing is supposed."""
        what = self.what_if
        return Supposition(what.placement or "", what.features, what.context, what.levers) if what else None


class RetrainingBody(Strict):
    """What `POST /v1/retraining-runs` asks.

    `promote` false trains a challenger that nothing serves; `if_needed` learns only where something moved, or enough
    is new.
    """

    request_id: Identifier
    promote: bool = True
    if_needed: bool = False


class OutcomeBody(Strict):
    """One fact observed about one action of one decision; money is a decimal string with its currency."""

    outcome_id: Identifier
    decision_id: Identifier
    action: Identifier
    treatment: Annotated[str, Field(max_length=128)] = ""
    type: OutcomeType
    occurred_at: Instant
    amount: Annotated[str, Field(pattern=_MONEY)] | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] | None = None

    def outcome(self) -> Outcome:
        """Give the domain's outcome; `InvalidInputError` where amount and currency do not come together."""
        if (self.amount is None) != (self.currency is None):
            missing = "currency" if self.currency is None else "amount"
            raise InvalidInputError(f"{missing} is missing: amount and currency come together", field=missing)
        amount = None if self.amount is None else float(Decimal(self.amount))
        fields = {name: value for name, value in self if name != "amount"}
        return Outcome(amount=amount, **fields)


class OutcomesBody(Strict):
    """What `POST /v1/outcomes` takes: one to many; each is checked by itself."""

    outcomes: Annotated[list[Any], Field(min_length=1, max_length=MAX_EVENTS)]


class ProfileBody(Strict):
    """What `POST /v1/profiles` asks: whose profile, as of when, and with what besides."""

    customer: CustomerBody
    as_of: Instant | None = None
    losing: bool = False
    consent_history: bool = False


class ConsentText(Strict):
    """Which text the customer saw: its version, its hash, where it stands; at least one of them."""

    version: Proof | None = None
    hash: Proof | None = None
    url: Proof | None = None


class ConsentBody(Strict):
    """One consent answer with its proof; a yes says which text was agreed to, a no needs none."""

    consent_id: Identifier
    customer: CustomerBody
    purpose: Identifier
    channel: Annotated[str, Field(max_length=128)] = ""
    granted: bool
    method: Proof
    text: ConsentText = ConsentText()
    occurred_at: Instant | None = None

    def given(self, country: str = "") -> GivenConsent:
        """Give the answer; `InvalidInputError` of a yes that names no text."""
        text = {part: value for part, value in self.text if value is not None}
        if self.granted and not text:
            parts = ", ".join(ConsentText.model_fields)
            raise InvalidInputError(f"text is missing: a yes names the text by one of {parts}", field="text")
        return GivenConsent(
            self.consent_id,
            self.customer.reference(country),
            self.purpose,
            self.channel,
            self.granted,
            self.method,
            text,
            self.occurred_at,
        )


class CustomerOnlyBody(Strict):
    """What the privacy routes ask: who."""

    customer: CustomerBody


class ObjectionBody(Strict):
    """What `POST /v1/objections` records; no purposes: profiling, and every purpose that needs consent."""

    objection_id: Identifier
    customer: CustomerBody
    to: Annotated[list[Identifier], Field(max_length=64)] = Field(default_factory=list)

    def objection(self, country: str = "") -> Objection:
        """Give the objection. Parameters: `country` of national phone numbers."""
        return Objection(self.objection_id, self.customer.reference(country), tuple(self.to))


class HoldBody(Strict):
    """What `POST /v1/holds` records; no issues: every one; no end: until it is released."""

    hold_id: Identifier
    customer: CustomerBody
    hold: Identifier
    issues: Annotated[list[Identifier], Field(max_length=64)] = Field(default_factory=list)
    until: Instant | None = None
    released: bool = False

    def hold_set(self, country: str = "") -> SetHold:
        """Give the hold. Parameters: `country` of national phone numbers."""
        reference = self.customer.reference(country)
        return SetHold(self.hold_id, reference, self.hold, tuple(self.issues), self.until, self.released)


class BatchBody(BaseModel):
    """The envelope of Segment senders; members it does not know are theirs to send."""

    model_config = ConfigDict(extra="ignore", strict=True)

    batch: Annotated[list[Any], Field(max_length=MAX_EVENTS)]
    sentAt: Instant | None = None  # noqa: N815  # the sender's name for it


class EventBody(BaseModel):
    """One call of a Segment sender. The event is checked like the events of a batch; this only documents it."""

    model_config = ConfigDict(extra="allow")

    messageId: str | None = None  # noqa: N815  # the sender's name for it
    userId: str | None = None  # noqa: N815  # as above
    anonymousId: str | None = None  # noqa: N815  # as above
    timestamp: Instant | None = None
    sentAt: Instant | None = None  # noqa: N815  # as above
    event: str | None = None
    name: str | None = None
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: dict[str, Any] | None = None


SegmentType = Literal["identify", "track", "page", "screen", "alias", "group"]
