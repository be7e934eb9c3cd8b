"""The OpenAPI document is good enough to write a client from: one is written from it, and calls every route."""

import re
from datetime import UTC, datetime
from pathlib import Path

import httpx
import jsonschema_rs
import pytest
from generated_client import check, operation_at, written
from patience import LONGEST
from service_process import KEY, WRITE, a_service

from serving.openapi import describe
from serving.routes import ROUTES

DOCUMENT = describe(ROUTES, version="now")
PAGE = (Path(__file__).parents[2] / "docs" / "http.md").read_text(encoding="utf-8")
ADA = {"user_id": "ada"}
TEXT = {"version": "1"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with a_service(tmp_path_factory.mktemp("service")) as running:
        yield running


def _calls(decision_id, action):
    """What is asked of every operation, by its id, in an order that works; some of it twice or wrong on purpose."""
    outcome = {
        "outcome_id": "o-1", "decision_id": decision_id, "treatment": "banner", "action": action,
        "type": "impression",
        "occurred_at": datetime.now(UTC).isoformat(),
    }  # fmt: skip
    event = {"userId": "ada", "event": "Product Viewed"}
    return [
        ("v1_decisions", {"request_id": "r-2", "customer": ADA, "placement": "web_home"}, 200),
        ("v1_decisions", {"request_id": "r-2", "customer": ADA, "placement": "newsletter"}, 409),
        ("v1_decisions", {"request_id": "r-3", "customer": ADA, "placement": "attic"}, 400),
        ("v1_explanations", {"decision_id": decision_id}, 200),
        ("v1_explanations", {"decision_id": "d_0"}, 404),
        ("v1_outcomes", {"outcomes": [outcome]}, 200),
        ("v1_batch", {"batch": [{"type": "track", **event}]}, 200),
        *((f"v1_{kind}", event, 200) for kind in ("identify", "track", "page", "screen")),
        ("v1_alias", {"userId": "ada", "previousId": "before"}, 200),
        ("v1_group", {"userId": "ada", "groupId": "g-1"}, 200),
        ("v1_events", {"batch": [{"type": "page", "userId": "ada"}]}, 200),
        ("v1_events", {"batch": 7}, 400),
        ("v1_profiles", {"customer": ADA}, 200),
        ("v1_profiles", {"customer": {"user_id": "nobody"}}, 404),
        ("v1_consents", {"consent_id": "k", "customer": ADA, "purpose": "marketing", "granted": True,
                         "method": "form", "text": TEXT}, 200),
        ("v1_objections", {"objection_id": "ob", "customer": ADA}, 200),
        ("v1_holds", {"hold_id": "h", "customer": ADA, "hold": "sales"}, 200),
        ("v1_exports", {"customer": ADA}, 200),
        ("v1_journeys", {}, 404),
        ("v1_retraining_runs", {"request_id": "run"}, 202),
        ("v1_retraining_runs_run_id", {"run_id": "run_0"}, 404),
        ("v1_actions", {}, 200),
        ("v1_erasures", {"customer": ADA}, 200),
        ("livez", {}, 200),
        ("readyz", {}, 200),
        ("metrics", {}, 200),
        ("docs_json", {}, 200),
    ]  # fmt: skip


@pytest.mark.slow
def test_a_client_that_is_written_from_the_document_calls_every_route(service):
    document = service.client.get("/docs.json").json()
    client = {}
    exec(compile(written(document), "generated", "exec"), client)  # noqa: S102  # what is tested is that it runs
    first = client["v1_decisions"](service.client, request_id="r-1", customer=ADA, placement="web_home").json()
    calls = _calls(first["decision_id"], first["ranked"][0]["action"])
    for name, arguments, status in calls:
        answer = client[name](service.client, **arguments)
        assert answer.status_code == status, (name, answer.text)
        check(document, name, answer)
    operations = {op["operationId"] for methods in document["paths"].values() for op in methods.values()}
    assert {name for name, _, _ in calls} == operations


@pytest.mark.slow
def test_every_way_to_say_who_calls_opens_what_the_document_says(service):
    ways = {"bearer": KEY, "apiKey": {"X-API-Key": "key-of-the-tests"}, "writeKey": WRITE}
    with httpx.Client(base_url=service.url, timeout=LONGEST) as http:
        for path, name in (("/v1/track", "v1_track"), ("/v1/actions", "v1_actions")):
            allowed = [way for each in operation_at(DOCUMENT, name)["security"] for way in each]
            method = "post" if name == "v1_track" else "get"
            body = {"json": {"userId": "u", "event": "Seen"}} if method == "post" else {}
            for way in allowed:
                answer = getattr(http, method)(path, headers=ways[way], **body)
                assert answer.status_code == 200, (way, answer.text)
            answer = getattr(http, method)(path, **body)
            assert answer.status_code == 401
            check(DOCUMENT, name, answer)


def test_every_schema_of_the_document_is_one():
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema_rs.validator_for({**schema, "components": DOCUMENT["components"]}), name


def test_every_route_and_every_error_stands_in_the_documentation():
    for route in ROUTES:
        assert route.path in PAGE, route.path
    table = PAGE.partition("\n## Errors")[2]
    told = {int(status) for status in re.findall(r"^\| (\d{3}) \|", table, re.MULTILINE)}
    documented = {
        int(status)
        for methods in DOCUMENT["paths"].values()
        for operation in methods.values()
        for status in operation["responses"]
        if int(status) >= 400
    }
    assert told == documented | {405}


def test_every_code_that_the_service_answers_with_stands_in_the_documentation():
    serving = Path(__file__).parents[2] / "serving"
    text = "".join(path.read_text(encoding="utf-8") for path in serving.glob("*.py"))
    codes = set(re.findall(r'HttpError\(\s*\d{3},\s*"(\w+)"|\bcode ?= ?"(\w+)"', text))
    named = {code for pair in codes for code in pair if code}
    assert len(named) > 10
    assert [code for code in sorted(named) if f"`{code}`" not in PAGE] == []
