"""The HTTP contract against the real thing: one `bentoml serve` process, started as `tsugi serve` starts it."""

import gzip
import json
import shutil
import signal
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from patience import LONGEST, until
from service_process import KEY, WORKSPACE, WRITE, Service, a_free_port, an_environment

from serving import answers
from serving.profile_answer import ProfileAnswer
from serving.routes import ROUTES
from training.artifact import write_bundle
from training.constant import ConstantBundle, ConstantEntry
from training.publication import publish


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = Service(tmp_path_factory.mktemp("service"))
    yield running
    running.client.close()
    if running.process.poll() is None:
        running.stop()


@pytest.fixture(scope="module")
def client(service):
    return service.client


def ask(request_id, user="u-1", **change):
    return {"request_id": request_id, "customer": {"user_id": user}, "placement": "web_home", **change}


def viewed(message_id, user="u-1", product="tea", **change):
    return {
        "type": "track", "event": "Product Viewed", "messageId": message_id, "userId": user,
        "timestamp": datetime.now(UTC).isoformat(), "properties": {"product": product}, **change,
    }  # fmt: skip


def an_outcome(decision, outcome_id, **change):
    first = decision["ranked"][0]
    return {
        "outcome_id": outcome_id, "decision_id": decision["decision_id"], "action": first["action"],
        "treatment": first["treatment"], "type": "impression", "occurred_at": datetime.now(UTC).isoformat(), **change,
    }  # fmt: skip


def decided(client, request_id, **change):
    answer = client.post("/v1/decisions", json=ask(request_id, **change))
    assert answer.status_code == 200, answer.text
    return answer.json()


def is_error(answer, status):
    body = answer.json()
    assert answer.status_code == status, answer.text
    answers.ErrorAnswer.model_validate({"error": body["error"]})
    return body["error"]


# --- decisions ---------------------------------------------------------------------------------------------------


def test_an_unknown_customer_is_answered_exactly_as_the_contract_says(client):
    decision = decided(client, "first", user="somebody-new")
    answers.DecisionAnswer.model_validate(decision, strict=True)
    assert decision["degraded"] is False
    assert decision["customer_id"].startswith("c_")
    assert decision["chosen"] == decision["ranked"][0]["action"]
    assert decision["ranked"][0]["value"]["currency"] == "EUR"
    assert decision["excluded"] == {"applicability": 1}
    assert decision["versions"]["bundle"] == "none"


def test_several_placements_are_filled_in_one_call_each_by_a_decision_of_its_own(client):
    asked = {**ask("several"), "placements": ["web_home", "newsletter"]}
    del asked["placement"]
    first = client.post("/v1/decisions", json=asked)
    assert first.status_code == 200, first.text
    answer = first.json()
    answers.DecisionAnswer.model_validate(answer, strict=True)
    each = [answer, *answer["further"]]
    assert [one["placement"] for one in each] == asked["placements"]
    assert [one["request_id"] for one in each] == ["several", "several#2"]
    shown = [item["action"] for one in each for item in one["ranked"]]
    assert len(shown) == len(set(shown))
    assert client.post("/v1/decisions", json=asked).content == first.content
    is_error(client.post("/v1/decisions", json={**asked, "limit": 1}), 409)


def test_an_unknown_placement_among_several_refuses_them_all_and_records_none(client):
    asked = {**ask("refused"), "placements": ["web_home", "newsletter", "attic"]}
    del asked["placement"]
    assert is_error(client.post("/v1/decisions", json=asked), 400)["code"] == "unknown_placement"
    asked["placements"] = ["web_home", "newsletter"]
    assert client.post("/v1/decisions", json=asked).status_code == 200


def test_the_same_id_with_the_same_body_gets_the_byte_equal_answer(client):
    first = client.post("/v1/decisions", json=ask("repeated", context={"a": 1, "b": "x"}))
    again = client.post("/v1/decisions", json=ask("repeated", context={"b": "x", "a": 1}))
    assert (again.status_code, again.content) == (200, first.content)


def test_the_same_id_with_another_body_is_a_conflict_and_the_first_stands(client):
    first = client.post("/v1/decisions", json=ask("claimed"))
    error = is_error(client.post("/v1/decisions", json=ask("claimed", user="u-2")), 409)
    assert (error["code"], error["field"]) == ("conflict", "request_id")
    assert client.post("/v1/decisions", json=ask("claimed")).content == first.content


def test_an_event_is_in_the_very_next_decision(client):
    before = decided(client, "before-the-view", user="viewer")
    receipt = client.post("/v1/events", json={"batch": [viewed("view-1", user="viewer")]})
    assert receipt.json() == {"accepted": 1, "duplicates": 0, "rejected": []}
    after = decided(client, "after-the-view", user="viewer")
    assert before["excluded"] == {"applicability": 1}
    assert "applicability" not in after["excluded"]
    assert before["customer_id"] == after["customer_id"]


# --- outcomes ----------------------------------------------------------------------------------------------------


def test_outcomes_are_idempotent_and_conflicts_are_told(client):
    decision = decided(client, "with-outcomes", user="buyer")
    shown = an_outcome(decision, "o-1")
    assert client.post("/v1/outcomes", json={"outcomes": [shown]}).json()["accepted"] == 1
    assert client.post("/v1/outcomes", json={"outcomes": [shown]}).json()["duplicates"] == 1
    is_error(client.post("/v1/outcomes", json={"outcomes": [{**shown, "type": "click"}]}), 409)


def test_an_outcome_of_an_unknown_decision_waits(client):
    orphan = {**an_outcome(decided(client, "orphan"), "o-orphan"), "decision_id": "d_not_yet"}
    answer = client.post("/v1/outcomes", json={"outcomes": [orphan]})
    answers.OutcomesAnswer.model_validate(answer.json(), strict=True)
    assert answer.json()["quarantined"] == 1


def test_a_wrong_outcome_does_not_take_the_others_with_it(client):
    decision = decided(client, "half-right", user="half-right")
    wrong = an_outcome(decision, "o-wrong", occurred_at="2026-01-01T00:00:00")
    answer = client.post("/v1/outcomes", json={"outcomes": [wrong, an_outcome(decision, "o-right")]})
    assert answer.status_code == 200
    assert answer.json()["accepted"] == 1
    assert answer.json()["rejected"] == [{"index": 0, "code": "naive_timestamp", "field": "occurred_at"}]


@pytest.mark.parametrize(
    "change",
    [
        {"action": "teleport"},
        {"treatment": "hologram"},
        {"type": "impresion"},
        {"occurred_at": "2026-01-01T00:00:00"},
        {"occurred_at": (datetime.now(UTC) + timedelta(days=900)).isoformat()},
        {"amount": "NaN", "currency": "EUR"},
    ],
)
def test_an_outcome_that_is_wrong_alone_is_an_error(client, change):
    decision = decided(client, "wrong-alone", user="wrong-alone")
    assert is_error(client.post("/v1/outcomes", json={"outcomes": [an_outcome(decision, "o-w", **change)]}), 400)


# --- Segment senders ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "event"),
    [
        ("identify", {"userId": "seg", "traits": {"age": 41}}),
        ("track", {"userId": "seg", "event": "Product Viewed", "properties": {"product": "tea"}}),
        ("page", {"userId": "seg", "name": "Home"}),
        ("screen", {"anonymousId": "seg-a", "name": "Home"}),
        ("alias", {"userId": "seg", "previousId": "seg-a"}),
        ("group", {"userId": "seg", "groupId": "g"}),
    ],
)
def test_every_single_call_answers_exactly_200(service, path, event):
    answer = httpx.post(
        f"{service.client.base_url}/v1/{path}", headers=WRITE, json={**event, "messageId": path}, timeout=LONGEST
    )
    assert (answer.status_code, answer.json()) == (200, {"accepted": 1, "duplicates": 0, "rejected": []})


def test_a_packed_batch_keeps_what_is_right_and_lists_the_rest(service):
    batch = [viewed("ok-1"), viewed("ok-1"), viewed("late", timestamp="2026-01-01T00:00:00"), {"type": "dance"}, 7]
    packed = gzip.compress(
        json.dumps({"batch": batch, "sentAt": datetime.now(UTC).isoformat(), "writeKey": "x"}).encode()
    )
    headers = {**WRITE, "Content-Encoding": "gzip", "Content-Type": "application/json"}
    answer = httpx.post(f"{service.client.base_url}/v1/batch", headers=headers, content=packed, timeout=LONGEST)
    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["duplicates"]) == (1, 1)
    assert [each["index"] for each in answer.json()["rejected"]] == [2, 3, 4]
    assert answer.json()["rejected"][0] == {"index": 2, "code": "naive_timestamp", "field": "timestamp"}


def test_errors_of_segment_routes_also_carry_code_and_message_at_the_top(service):
    answer = httpx.post(
        f"{service.client.base_url}/v1/batch", headers=WRITE, json={"batch": "all of them"}, timeout=LONGEST
    )
    error = is_error(answer, 400)
    assert (answer.json()["code"], answer.json()["message"]) == (error["code"], error["message"])
    refused = httpx.post(f"{service.client.base_url}/v1/batch", json={"batch": []}, timeout=LONGEST)
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")


# --- bad input ---------------------------------------------------------------------------------------------------

JSON = "application/json"
MALFORMED = [
    ("/v1/decisions", b"", JSON, 400),
    ("/v1/decisions", b"{", JSON, 400),
    ("/v1/decisions", b"null", JSON, 400),
    ("/v1/decisions", b"[]", JSON, 400),
    ("/v1/decisions", b'"text"', JSON, 400),
    ("/v1/decisions", b"\xff\xfe{}", JSON, 400),
    ("/v1/decisions", b"\xef\xbb\xbf{}", JSON, 400),
    ("/v1/decisions", b'{"request_id": "\\ud800"}', JSON, 400),
    ("/v1/decisions", b'{"request_id": "a\\u0000b", "customer": {"user_id": "u"}, "placement": "web_home"}', JSON, 400),
    ("/v1/decisions", b'{"request_id": "r", "request_id": "s"}', JSON, 400),
    ("/v1/decisions", b'{"limit": NaN}', JSON, 400),
    ("/v1/decisions", b'{"limit": Infinity}', JSON, 400),
    ("/v1/decisions", b'{"limit": 1e999}', JSON, 400),
    ("/v1/decisions", b'{"limit": ' + b"9" * 400 + b"}", JSON, 400),
    ("/v1/decisions", b"[" * 60_000, JSON, 400),
    ("/v1/decisions", json.dumps(ask("x", placement="attic")).encode(), JSON, 400),
    ("/v1/decisions", json.dumps(ask("x", channel="fax")).encode(), JSON, 400),
    ("/v1/decisions", json.dumps(ask("x", limit=-1)).encode(), JSON, 400),
    ("/v1/decisions", json.dumps(ask("x", customer={})).encode(), JSON, 400),
    ("/v1/decisions", json.dumps(ask("x", surprise=1)).encode(), JSON, 400),
    ("/v1/decisions", b"{}", "text/plain", 415),
    ("/v1/decisions", b"a=1", "application/x-www-form-urlencoded", 415),
    ("/v1/decisions", b"--x\r\n", "multipart/form-data; boundary=x", 415),
    ("/v1/decisions", b"--nonsense", "multipart/form-data", 415),
    ("/v1/decisions", b" " * 65_537, JSON, 413),
    ("/v1/outcomes", b'{"outcomes": []}', JSON, 400),
    ("/v1/outcomes", b'{"outcomes": {}}', JSON, 400),
    ("/v1/outcomes", b'{"outcomes": [[]]}', JSON, 400),
    ("/v1/events", b'{"batch": 1}', JSON, 400),
    ("/v1/events", b'{"batch": [], "sentAt": "2026-01-01T00:00:00"}', JSON, 400),
    ("/v1/events", b'{"batch": [], "sentAt": 5}', JSON, 400),
    ("/v1/events", json.dumps({"batch": [1] * 2501}).encode(), JSON, 400),
    ("/v1/events", b" " * 1_048_577, JSON, 413),
    ("/v1/track", b"[]", JSON, 400),
    ("/v1/profiles", b'{"customer": {"email": 5}}', JSON, 400),
    ("/v1/profiles", b'{"customer": {"user_id": "nobody-ever"}}', JSON, 404),
]


@pytest.mark.parametrize(("path", "body", "kind", "status"), MALFORMED)
def test_malformed_requests_get_a_clear_error(client, path, body, kind, status):
    error = is_error(client.post(path, content=body, headers={"Content-Type": kind}), status)
    assert error["message"]
    assert "Traceback" not in error["message"]


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"timestamp": "9999-12-31T23:59:59-14:00"},
        {"timestamp": (datetime.now(UTC) + timedelta(days=400)).isoformat()},
        {"timestamp": 1.5},
        {"timestamp": []},
        {"userId": {"a": 1}},
        {"userId": None},
        {"userId": "u" * 40_000},
        {"event": None},
        {"event": 7.5},
        {"properties": []},
        {"properties": {"deep": [[[[1]]]]}, "event": "Survey Answered"},
        {"messageId": ["m"]},
        {"type": None},
    ],
)
def test_a_malformed_event_is_rejected_alone_and_kept_aside(client, change):
    answer = client.post("/v1/events", json={"batch": [viewed("never", **change)]})
    assert answer.status_code == 200
    assert [each["index"] for each in answer.json()["rejected"]] == [0]


# --- who may call ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_every_route_but_liveness_needs_a_key(service, route):
    answer = httpx.request(
        route.method, f"{service.client.base_url}{route.path}", headers={"Content-Type": JSON}, timeout=LONGEST
    )
    assert answer.status_code == (200 if route.path == "/livez" else 401)


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/schema.json", "/static_content/index.css", "/v1", "/v1/decisions/"]
)
def test_what_bentoml_would_serve_itself_is_closed(service, client, path):
    assert httpx.get(f"{service.client.base_url}{path}", timeout=LONGEST).status_code == 401
    is_error(client.get(path), 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(client, method):
    answer = client.request(method, "/v1/decisions")
    assert is_error(answer, 405)["code"] == "method_not_allowed"
    assert answer.json()["error"]["message"].endswith("is not allowed here; allowed: POST")


def test_a_write_key_reads_no_profile(service):
    headers = {"Authorization": WRITE["Authorization"]}
    answer = httpx.post(
        f"{service.client.base_url}/v1/profiles", headers=headers, json={"customer": {"user_id": "u"}}, timeout=LONGEST
    )
    assert answer.status_code == 403


# --- what machines watch -----------------------------------------------------------------------------------------


def test_readiness_tells_what_serves(client):
    report = client.get("/readyz").json()
    answers.ReadyAnswer.model_validate(report, strict=True)
    assert (report["status"], report["feature_store"], report["ledger"]) == ("ready", "readable", "writable")


def test_the_catalogue_is_listed(client):
    listed = client.get("/v1/actions").json()
    answers.ActionsAnswer.model_validate(listed, strict=True)
    assert [each["action"] for each in listed["actions"]] == ["coffee", "greeting", "tea"]


def test_a_profile_has_its_lineage(client):
    client.post("/v1/identify", json={"userId": "known", "messageId": "i-1", "traits": {"age": 30}})
    profile = client.post("/v1/profiles", json={"customer": {"user_id": "known"}}).json()
    ProfileAnswer.model_validate(profile, strict=True)
    assert profile["fields"]["age"]["value"] == 30
    assert profile["fields"]["age"]["message_id"] == "i-1"


def test_the_contract_describes_every_route(client):
    document = client.get("/docs.json").json()
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"]) == {route.path for route in ROUTES}


def test_neither_metrics_nor_log_hold_an_identifier(service, client):
    canary = "canary-7f3a@example.org"
    client.post("/v1/decisions", json=ask(canary, customer={"email": canary}, context={"mail": canary}))
    client.post("/v1/decisions", json=ask(canary, customer={"email": [canary]}))
    client.post("/v1/events", json={"batch": [viewed(canary, user=canary, timestamp=canary)]})
    client.get(f"/v1/profiles/{canary}")
    metrics = client.get("/metrics").text
    assert 'tsugi_requests_total{route="/v1/decisions",status="200"}' in metrics
    assert 'route="unmatched",status="404"' in metrics
    assert canary not in metrics
    assert canary not in service.log.read_text()


# --- change without a restart ------------------------------------------------------------------------------------


def test_a_bad_catalogue_never_replaces_a_working_one(service, client):
    path = service.workspace / "catalog.yaml"
    good = path.read_text()
    version = client.get("/readyz").json()["catalog"]
    path.write_text("actions: [")
    until(lambda: "catalog: invalid_catalog: catalog.yaml" in str(client.get("/readyz").json()["refused"]))
    assert decided(client, "with-the-old-catalogue")["versions"]["catalog"] == version
    path.unlink()
    gone = ["catalog: missing: catalog.yaml is not there any more"]
    until(lambda: client.get("/readyz").json()["refused"] == gone)
    path.write_text(good.replace("value: 10", "value: 11"))
    until(lambda: client.get("/readyz").json()["catalog"] != version)
    assert client.get("/readyz").json()["refused"] == []


def a_published_bundle(home, scratch, **values):
    entries = {name: ConstantEntry(name, value, 1.0, 0.1, 100) for name, value in values.items()}
    write_bundle(ConstantBundle("", "", entries), scratch, created_at=datetime.now(UTC))
    return publish(scratch, home).name


def test_a_newly_published_champion_serves_without_a_restart(service, client, tmp_path):
    assert client.get("/readyz").json()["bundle"] == "none"
    version = a_published_bundle(service.home, tmp_path / "first", coffee=5.0, greeting=1.0)
    until(lambda: client.get("/readyz").json()["bundle"] == version)
    assert decided(client, "by-the-champion")["versions"]["bundle"] == version


def test_an_altered_bundle_is_refused_and_the_champion_stays(service, client, tmp_path):
    version = client.get("/readyz").json()["bundle"]
    pointer = service.home / "bundles" / "champion.json"
    good = pointer.read_bytes()
    pointer.write_bytes(good.replace(version.encode(), b"0" * 16))
    until(lambda: f"bundle: invalid_artifact: {'0' * 16}" in str(client.get("/readyz").json()["refused"]))
    assert decided(client, "by-the-one-that-stays")["versions"]["bundle"] == version
    pointer.write_bytes(good)
    until(lambda: client.get("/readyz").json()["refused"] == [])


# --- starting and stopping ---------------------------------------------------------------------------------------


def refused_start(environment, port, *more):
    command = [sys.executable, "-m", "serving.launch", "--port", str(port), *more]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)
    assert ended.returncode != 0
    assert len(ended.stderr.strip().splitlines()) == 1, ended.stderr
    return ended.stderr


def test_a_port_in_use_is_one_clear_line(service, tmp_path):
    line = refused_start(an_environment(tmp_path / "other", service.workspace), service.port)
    assert f"cannot listen on 127.0.0.1:{service.port}: address already in use" in line


def test_one_home_has_one_service(service):
    assert "another service already serves" in refused_start(service.environment, a_free_port())


def test_an_open_service_does_not_face_the_network(service, tmp_path):
    environment = an_environment(tmp_path / "open", service.workspace, keys="")
    assert "TSUGI_API_KEYS" in refused_start(environment, a_free_port(), "--host", "0.0.0.0")  # noqa: S104  # refused


def test_a_missing_workspace_or_a_bad_catalogue_is_one_clear_line(tmp_path):
    assert "tsugi.toml" in refused_start(an_environment(tmp_path / "h", tmp_path / "nowhere"), a_free_port())
    broken = tmp_path / "broken"
    shutil.copytree(WORKSPACE, broken)
    (broken / "catalog.yaml").write_text("currency: EUR\nactions: 7\n")
    assert "catalog.yaml" in refused_start(an_environment(tmp_path / "h", broken), a_free_port())


def test_a_ledger_that_is_none_is_one_clear_line(service, tmp_path):
    (tmp_path / "ledger.db").write_bytes(b"not a database, " * 400)
    assert "ledger.db cannot be used" in refused_start(an_environment(tmp_path, service.workspace), a_free_port())


def test_a_worker_imports_no_training_stack():
    heavy = "{'feast', 'mlflow', 'optuna', 'duckdb', 'sklearn', 'pandas', 'lightgbm'}"
    imported = "serving.service, serving.app, serving.composition"
    program = f"import sys, {imported}; print(sorted({heavy} & set(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LONGEST, check=True)
    assert ended.stdout.strip() == "[]"


def test_a_stopping_service_finishes_what_it_began(service):
    body, asks = json.dumps(ask("while-it-ends")).encode(), f"Host: x\r\nAuthorization: {KEY['Authorization']}\r\n"
    head = f"POST /v1/decisions HTTP/1.1\r\n{asks}Content-Type: {JSON}\r\nContent-Length: {len(body)}\r\n"
    address = ("127.0.0.1", service.port)
    with (
        socket.create_connection(address, timeout=LONGEST) as idle,
        socket.create_connection(address, timeout=LONGEST) as busy,
    ):
        idle.sendall(f"HEAD /livez HTTP/1.1\r\n{asks}\r\n".encode())
        assert idle.recv(4096).startswith(b"HTTP/1.1 200 OK")
        busy.sendall(f"{head}Expect: 100-continue\r\n\r\n".encode())
        assert busy.recv(64).startswith(b"HTTP/1.1 100 ")  # it has begun: it asks for the body
        service.process.send_signal(signal.SIGTERM)
        assert idle.recv(64) == b""  # it is stopping: it lets go whom it owes nothing
        busy.sendall(body)
        assert busy.recv(64).startswith(b"HTTP/1.1 200 OK")
    assert service.process.wait(timeout=LONGEST) == 0
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{service.port}/livez", timeout=LONGEST)
