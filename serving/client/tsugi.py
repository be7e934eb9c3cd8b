"""Every route of the service as a method with typed answers.

>>> from serving.client.tsugi import Tsugi
>>> service = Tsugi("http://127.0.0.1:3000", key="k-app")
>>> service.transport.url
'http://127.0.0.1:3000'
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Self, TypeVar, Unpack
from urllib.parse import quote
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from serving import answers
from serving.client.asking import Consent, Decide, Hold, Look, Outcome, Retrain, SegmentType, WhatIf, Who
from serving.client.errors import UnreachableError
from serving.client.signing import PREFIX, secret_in
from serving.client.transport import Patience, Reply, Transport, parts_of, refused
from serving.explanation_answer import ExplanationAnswer
from serving.journey_answers import JourneysAnswer
from serving.privacy_answers import ErasureAnswer, ExportAnswer, HoldAnswer, ObjectionAnswer
from serving.profile_answer import ProfileAnswer
from serving.retraining_answer import RetrainingAnswer

Shape = TypeVar("Shape", bound=BaseModel)


class Tsugi:
    """A service to ask; threads may share it.

    Every method raises a `RefusedError` where the service says no, and `UnreachableError` where it says nothing. What
    may succeed on another try is tried again with the same ids, so that nothing is done twice. Answers are read by
    name: what a later service adds to them is passed over.

    Parameters: `url` of the service, such as https://gateway.example/tsugi (`ValueError` of one that is none); `key`
    that opens it ("": none is sent; one that begins with `whsec_` is never sent: every request is signed with it);
    `patience`, how long a call may take.
    """

    def __init__(self, url: str, *, key: str = "", patience: Patience | None = None) -> None:
        secret = secret_in(key) if key.startswith(PREFIX) else b""
        headers = {"Authorization": f"Bearer {key}"} if key and not secret else {}
        self.transport = Transport(parts_of(url.rstrip("/")).geturl(), headers, patience or Patience(), secret=secret)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close this thread's connection."""
        self.transport.close()

    def decide(self, customer: Who, placement: str | Sequence[str], **more: Unpack[Decide]) -> answers.DecisionAnswer:
        """Decide what to do next for one customer; the answer has placements after the first as `further`."""
        where = {"placement": placement} if isinstance(placement, str) else {"placements": list(placement)}
        body = {"request_id": uuid4().hex, "customer": customer, **where, **more}
        return self._post("/v1/decisions", body, answers.DecisionAnswer)

    def explain(self, decision_id: str, *, what_if: WhatIf | None = None) -> ExplanationAnswer:
        """Why a past decision came out as it did, and what if."""
        supposed = {"what_if": what_if} if what_if else {}
        return self._post("/v1/explanations", {"decision_id": decision_id, **supposed}, ExplanationAnswer)

    def report(self, outcomes: Sequence[Outcome]) -> answers.OutcomesAnswer:
        """Report what became of decisions; look at `rejected` of the answer."""
        return self._post("/v1/outcomes", {"outcomes": list(outcomes)}, answers.OutcomesAnswer)

    def send(self, events: Sequence[Mapping[str, Any]]) -> answers.EventsAnswer:
        """Send events of the Segment spec, each with its `type`; one without `messageId` gets one."""
        return self._post("/v1/events", {"batch": _named(events)}, answers.EventsAnswer)

    def batch(self, events: Sequence[Mapping[str, Any]]) -> answers.EventsAnswer:
        """As `send`, by the route of Segment's senders, which takes four times as much at once and a write key."""
        return self._post("/v1/batch", {"batch": _named(events)}, answers.EventsAnswer)

    def call(self, kind: SegmentType, event: Mapping[str, Any]) -> answers.EventsAnswer:
        """Send one `identify`, `track`, `page`, `screen`, `alias` or `group` call, as Segment's senders do."""
        return self._post(f"/v1/{kind}", _named([event])[0], answers.EventsAnswer)

    def profile(self, customer: Who, **more: Unpack[Look]) -> ProfileAnswer:
        """What is known of one customer."""
        return self._post("/v1/profiles", {"customer": customer, **more}, ProfileAnswer)

    def consent(self, customer: Who, answer: Consent) -> answers.ConsentReceiptAnswer:
        """Record what a customer allowed or refused, with its proof."""
        return self._post("/v1/consents", {"customer": customer, **answer}, answers.ConsentReceiptAnswer)

    def objection(self, customer: Who, objection_id: str, *, to: Sequence[str] = ()) -> ObjectionAnswer:
        """Record that a customer objects; to no purpose in particular: to profiling and whatever needs consent."""
        body = {"customer": customer, "objection_id": objection_id, "to": list(to)}
        return self._post("/v1/objections", body, ObjectionAnswer)

    def hold(self, customer: Who, hold: Hold) -> HoldAnswer:
        """Set or release a hold on one customer."""
        return self._post("/v1/holds", {"customer": customer, **hold}, HoldAnswer)

    def erase(self, customer: Who) -> ErasureAnswer:
        """Erase one customer for good."""
        return self._post("/v1/erasures", {"customer": customer}, ErasureAnswer)

    def export(self, customer: Who) -> ExportAnswer:
        """Everything that is kept of one customer."""
        return self._post("/v1/exports", {"customer": customer}, ExportAnswer)

    def journeys(self) -> JourneysAnswer:
        """The maps of the journeys as they were last drawn."""
        return self._get("/v1/journeys", JourneysAnswer)

    def actions(self) -> answers.ActionsAnswer:
        """The catalogue that serves now."""
        return self._get("/v1/actions", answers.ActionsAnswer)

    def retrain(self, request_id: str, **more: Unpack[Retrain]) -> RetrainingAnswer:
        """Ask for a retraining."""
        return self._post("/v1/retraining-runs", {"request_id": request_id, **more}, RetrainingAnswer)

    def retraining(self, run_id: str) -> RetrainingAnswer:
        """How far a retraining came."""
        return self._get(f"/v1/retraining-runs/{quote(run_id, safe='')}", RetrainingAnswer)

    def live(self) -> answers.LiveAnswer:
        """Whether the process answers; no key is needed."""
        return self._get("/livez", answers.LiveAnswer)

    def ready(self) -> answers.ReadyAnswer:
        """Whether decisions can be made, and from what; `status` says so, asked once."""
        return _read(self.transport.once("GET", "/readyz"), answers.ReadyAnswer)

    def metrics(self) -> str:
        """Measurements in Prometheus' text format."""
        return self.transport.send("GET", "/metrics").body.decode()

    def contract(self) -> dict[str, Any]:
        """The contract as an OpenAPI 3.1 document."""
        found: dict[str, Any] = json.loads(self.transport.send("GET", "/docs.json").body)
        return found

    def _post(self, path: str, body: object, shape: type[Shape]) -> Shape:
        return _read(self.transport.send("POST", path, body), shape)

    def _get(self, path: str, shape: type[Shape]) -> Shape:
        return _read(self.transport.send("GET", path), shape)


def _named(events: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Events that each have a `messageId`, by which a repeat is known."""
    return [{"messageId": uuid4().hex, **event} for event in events]


def _read(reply: Reply, shape: type[Shape]) -> Shape:
    """Read an answer. Raises the service's own error, or `UnreachableError` where it is not what this client knows."""
    try:
        return shape.model_validate_json(reply.body, extra="ignore")
    except ValidationError:
        message = (
            f"status {reply.status} with something else than {shape.__name__}: is it the service, of this version?"
        )
        raise refused(reply) if reply.status >= 400 else UnreachableError(message) from None
