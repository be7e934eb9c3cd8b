"""The Python client against the running service, and against servers that do not do as they should."""

import json
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st
from patience import LONGEST
from service_process import a_service

from serving.client import errors
from serving.client.asking import Decide
from serving.client.transport import Patience, Transport
from serving.client.tsugi import Tsugi
from serving.routes import ROUTES
from serving.schemas import DecisionBody

ADA = {"user_id": "ada"}
NOW = datetime.now(UTC).isoformat()
DECIDED = {
    "decision_id": "d_1", "request_id": "r-1", "customer_id": "c_1", "decided_at": NOW, "channel": "web",
    "placement": "web_home", "arm": "nba", "degraded": False, "degraded_reasons": [], "chosen": "no_action",
    "ranked": [], "excluded": {}, "versions": {"catalog": "c", "bundle": "none", "policy": "p"},
}  # fmt: skip


# --- the real service ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with a_service(tmp_path_factory.mktemp("service")) as running:
        yield running


@pytest.mark.slow
def test_every_route_of_the_contract_has_a_method_and_each_gets_a_typed_answer(service, monkeypatch):
    asked = set()
    tried = Transport._tried

    def noting(self, method, path, content):
        asked.add((method, path))
        return tried(self, method, path, content)

    monkeypatch.setattr(Transport, "_tried", noting)
    with Tsugi(service.url, key="key-of-the-tests", patience=Patience(timeout=LONGEST)) as tsugi:
        run = _call_everything(tsugi)
    asked = {(method, path.replace(run, "{run_id}")) for method, path in asked}
    assert asked == {(route.method, route.path) for route in ROUTES}


def _call_everything(tsugi):
    """Ask everything once; returns the id of the retraining run."""
    assert tsugi.send([{"type": "identify", "userId": "ada", "traits": {"age": 41}}]).accepted == 1
    for kind, more in {
        "identify": {}, "track": {"event": "Tea Viewed"}, "page": {"name": "Home"}, "screen": {"name": "Home"},
        "alias": {"previousId": "ada-before"}, "group": {"groupId": "g-1"},
    }.items():  # fmt: skip
        assert tsugi.call(kind, {"userId": "ada", **more}).accepted == 1
    assert tsugi.batch([{"type": "page", "userId": "ada", "name": "Home"}]).accepted == 1
    decision = tsugi.decide(ADA, "web_home", limit=1, context={"intent": "browse"})
    first = decision.ranked[0]
    outcome = {"outcome_id": "o-1", "decision_id": decision.decision_id, "action": first.action, "type": "impression"}
    assert tsugi.report([{**outcome, "treatment": first.treatment, "occurred_at": decision.decided_at}]).accepted == 1
    assert tsugi.explain(decision.decision_id, what_if={"context": {"intent": "buy"}}).replay.exact
    assert tsugi.profile(ADA, consent_history=True).customer_id == decision.customer_id
    consent = {"consent_id": "k-1", "purpose": "marketing", "granted": True, "method": "form", "text": {"version": "1"}}
    assert tsugi.consent(ADA, consent).consents[0].granted
    assert tsugi.hold(ADA, {"hold_id": "h-1", "hold": "sales"}).holds[0].name == "sales"
    assert "profiling" in tsugi.objection(ADA, "ob-1").to
    assert tsugi.export(ADA).customer_id == decision.customer_id
    assert tsugi.erase(ADA).customers == 1
    with pytest.raises(errors.MissingError):
        tsugi.journeys()
    assert tsugi.actions().version == decision.versions.catalog
    run = tsugi.retrain("run-1", promote=False)
    assert tsugi.retraining(run.run_id).state == "queued"
    assert (tsugi.live().status, tsugi.ready().status) == ("live", "ready")
    assert "tsugi_requests_total" in tsugi.metrics()
    assert tsugi.contract()["openapi"] == "3.1.0"
    return run.run_id


@pytest.mark.slow
def test_refusals_carry_the_services_own_words(service):
    with Tsugi(service.url, key="key-of-the-tests", patience=Patience(timeout=LONGEST)) as tsugi:
        with pytest.raises(errors.InvalidError) as refused:
            tsugi.decide(ADA, "attic")
        assert (refused.value.status, refused.value.code, refused.value.field) == (
            400,
            "unknown_placement",
            "placement",
        )
        tsugi.decide({"user_id": "eve"}, "web_home", request_id="twice")
        with pytest.raises(errors.ConflictingError):
            tsugi.decide({"user_id": "bob"}, "web_home", request_id="twice")
    with Tsugi(service.url, key="not-this-one") as stranger, pytest.raises(errors.ForbiddenError):
        stranger.actions()


@pytest.mark.slow
def test_several_placements_are_one_call_and_a_session_goes_with_it(service):
    with Tsugi(service.url, key="key-of-the-tests", patience=Patience(timeout=LONGEST)) as tsugi:
        decision = tsugi.decide(ADA, ["web_home", "newsletter"], request_id="both", session="tab-7")
    assert [each.placement for each in (decision, *(decision.further or ()))] == ["web_home", "newsletter"]


@pytest.mark.slow
def test_the_path_of_a_url_is_sent_for_the_gateway_that_asks_for_it(service):
    with Tsugi(service.url + "/tsugi", key="key-of-the-tests") as tsugi, pytest.raises(errors.MissingError) as missing:
        tsugi.live()
    assert missing.value.code == "no_such_route"


def test_every_field_of_a_decision_request_can_be_asked_for():
    asked = {"customer", "placement", "placements"} | Decide.__annotations__.keys()
    assert asked == DecisionBody.model_fields.keys()


# --- servers that do not do as they should ---------------------------------------------------------------------------


@contextmanager
def answering(*replies):
    """A server that gives these replies in turn: (status, headers, body), or None to hang up; yields url and bodies."""
    left, bodies = list(replies), []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            reply = left.pop(0)
            if reply is None:
                self.close_connection = True
                self.connection.close()
                return
            status, headers, body = reply
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", bodies
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def a_client(url, slept=None):
    with Tsugi(url) as tsugi:
        wait = (slept if slept is not None else []).append
        tsugi.transport = Transport(url, {}, Patience(timeout=LONGEST, tries=3, first_wait=0.0), wait)
        yield tsugi


GOOD = (200, {}, json.dumps(DECIDED).encode())
LATER = (503, {"Retry-After": "2"}, b'{"error": {"code": "unavailable", "message": "later", "field": null}}')


@given(st.integers(1, 5_000), st.floats(0.0, 60.0), st.floats(0.0, 10.0))
def test_a_wait_is_as_long_as_was_asked_for_and_else_no_longer_than_the_longest_backoff(nth, asked, longest):
    waited = Patience(first_wait=0.02, longest_backoff=longest).before(nth, asked)
    assert asked <= waited <= max(asked, longest)


@pytest.mark.parametrize("first", [None, LATER, (429, {"Retry-After": "2"}, b"{}"), (502, {}, b"<html>")])
def test_what_may_succeed_is_tried_again_with_the_same_id_after_the_rest_that_was_asked_for(first):
    slept = []
    with answering(first, GOOD) as (url, bodies), a_client(url, slept) as tsugi:
        assert tsugi.decide(ADA, "web_home").decision_id == "d_1"
    assert len(bodies) == 2
    assert bodies[0] == bodies[1]
    assert slept == [2.0 if first and "Retry-After" in first[1] else 0.0]


def test_it_is_given_up_after_so_many_tries():
    with (
        answering(None, None, None) as (url, bodies),
        a_client(url) as tsugi,
        pytest.raises(errors.UnreachableError),
    ):
        tsugi.decide(ADA, "web_home")
    assert len(bodies) == 3
    later = answering(LATER, LATER, LATER)
    with later as (url, _), a_client(url) as tsugi, pytest.raises(errors.BrokenError) as broken:
        tsugi.decide(ADA, "web_home")
    assert broken.value.code == "unavailable"


def test_a_long_rest_is_not_waited_for_and_a_defect_not_tried_again():
    for reply in ((429, {"Retry-After": "3600"}, b"{}"), (500, {}, b"{}")):
        with answering(reply) as (url, bodies), a_client(url) as tsugi, pytest.raises(errors.RefusedError):
            tsugi.decide(ADA, "web_home")
        assert len(bodies) == 1


def test_what_a_later_service_adds_is_passed_over_and_something_else_is_no_answer():
    later = json.dumps({**DECIDED, "new": 1, "versions": {**DECIDED["versions"], "newer": 2}}).encode()
    with answering((200, {}, later)) as (url, _), a_client(url) as tsugi:
        assert tsugi.decide(ADA, "web_home").chosen == "no_action"
    for body in (b"<html>", b"{}", b"[]", b""):
        told = answering((200, {}, body))
        with told as (url, _), a_client(url) as tsugi, pytest.raises(errors.UnreachableError):
            tsugi.decide(ADA, "web_home")


@pytest.mark.parametrize(
    "url", ["127.0.0.1:3000", "localhost:3000", "ftp://localhost", "", "http://", "http://me:pw@host"]
)
def test_a_url_that_is_none_is_refused_before_anything_is_asked(url):
    with pytest.raises(ValueError, match="the url of a service is http") as refused:
        Tsugi(url)
    assert "pw" not in str(refused.value)


def test_nobody_there_is_told_without_what_was_sent():
    with answering() as (url, _):
        pass
    with a_client(url) as tsugi, pytest.raises(errors.UnreachableError) as unreachable:
        tsugi.profile({"email": "ada@example.org"})
    assert "ada" not in str(unreachable.value)
