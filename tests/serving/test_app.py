"""The application in this process, on real stores in a temporary home."""

import asyncio
import sqlite3
from contextlib import closing
from datetime import timedelta

from in_process import START, Clock, in_service

from decisioning.decide import ATTEMPTS
from decisioning.errors import StaleContactsError
from serving import answers
from serving.openapi import errors_of
from serving.profile_answer import ProfileAnswer
from serving.routes import ROUTES


def ask(request_id, user="u-1", **change):
    return {"request_id": request_id, "customer": {"user_id": user}, "placement": "web_home", **change}


def viewed(message_id, user="u-1"):
    return {
        "type": "track", "event": "Product Viewed", "messageId": message_id, "userId": user,
        "timestamp": START.isoformat(), "properties": {"product": "tea"},
    }  # fmt: skip


# --- idempotency and limits under concurrency --------------------------------------------------------------------


def test_equal_requests_at_the_same_moment_are_one_decision(tmp_path):
    async def scenario(http):
        return await asyncio.gather(*(http.post("/v1/decisions", json=ask("same")) for _ in range(12)))

    given = in_service(tmp_path, scenario)
    assert {each.status_code for each in given} == {200}
    assert len({each.content for each in given}) == 1


def test_different_requests_with_one_id_at_the_same_moment_have_one_winner(tmp_path):
    async def scenario(http):
        return await asyncio.gather(*(http.post("/v1/decisions", json=ask("same", user=f"u-{n}")) for n in range(8)))

    statuses = sorted(each.status_code for each in in_service(tmp_path, scenario))
    assert statuses == [200] + [409] * 7


def test_a_cap_holds_however_many_decisions_are_made_at_once(tmp_path):
    async def scenario(http):
        await http.post("/v1/events", json={"batch": [viewed("v-1")]})
        given = await asyncio.gather(*(http.post("/v1/decisions", json=ask(f"r-{n}")) for n in range(10)))
        return [item["action"] for each in given for item in each.json()["ranked"]], {
            each.status_code for each in given
        }

    shown, statuses = in_service(tmp_path, scenario)
    assert statuses == {200}
    assert shown.count("tea") == 1


def test_a_customer_whose_contacts_never_rest_gets_a_clear_answer(tmp_path, monkeypatch):
    tried = []

    def always_stale(self, decision, **_):
        tried.append(decision.chosen)
        raise StaleContactsError("changed")

    monkeypatch.setattr("features.decision_book.DecisionBook.record", always_stale)

    async def scenario(http):
        return await http.post("/v1/decisions", json=ask("r"))

    answer = in_service(tmp_path, scenario)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert len(tried) == ATTEMPTS + 1
    assert tried[-1] == "no_action"


# --- what is durable, and what time it is -----------------------------------------------------------------------


def test_a_decision_is_recorded_before_it_is_answered(tmp_path):
    async def scenario(http):
        decision = (await http.post("/v1/decisions", json=ask("r"))).json()
        with closing(sqlite3.connect(tmp_path / "home" / "ledger.db")) as other:
            return decision, other.execute("SELECT record_id FROM record WHERE kind = 'decision'").fetchall()

    decision, recorded = in_service(tmp_path, scenario)
    assert recorded == [(decision["decision_id"],)]


def test_answers_survive_a_restart(tmp_path):
    async def scenario(http):
        return (await http.post("/v1/decisions", json=ask("r"))).content

    assert in_service(tmp_path, scenario) == in_service(tmp_path, scenario)


def test_the_clock_is_the_services_own(tmp_path):
    clock = Clock()

    async def scenario(http):
        first = await http.post("/v1/decisions", json=ask("r-1"))
        clock.now += timedelta(days=40)
        second = await http.post("/v1/decisions", json=ask("r-2"))
        return first.json()["decided_at"], second.json()["decided_at"]

    assert in_service(tmp_path, scenario, clock=clock) == ("2026-03-01T12:00:00Z", "2026-04-10T12:00:00Z")


# --- when a part fails -------------------------------------------------------------------------------------------


def test_a_lost_online_store_degrades_and_says_so(tmp_path):
    async def scenario(http):
        await http.post("/v1/events", json={"batch": [viewed("v-1")]})
        online = tmp_path / "home" / "online.db"
        with closing(sqlite3.connect(online)) as other, other:
            other.execute("DROP TABLE state_row")
        return await http.post("/v1/decisions", json=ask("r")), await http.get("/readyz")

    answer, ready = in_service(tmp_path, scenario)
    assert (answer.status_code, answer.json()["degraded"]) == (200, True)
    assert answer.json()["degraded_reasons"] == ["online_store"]
    assert (ready.status_code, ready.json()["feature_store"]) == (503, "unreadable")


def test_with_a_ledger_that_cannot_be_written_nothing_that_a_cap_counts_is_offered_and_no_path_is_named(tmp_path):
    async def scenario(http):
        http.desk.ledger._writer.close()
        decided = await http.post("/v1/decisions", json=ask("r"))
        return decided, await http.post("/v1/events", json={"batch": [viewed("v-1")]}), await http.get("/readyz")

    decided, refused, ready = in_service(tmp_path, scenario)
    assert decided.status_code == 200
    assert {item["action"] for item in decided.json()["ranked"]} <= {"coffee", "greeting"}
    assert decided.json()["ranked"]
    assert decided.json()["degraded_reasons"] == ["ledger"]
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
    assert not any(str(tmp_path) in answer.text for answer in (decided, refused, ready))
    assert ready.json()["ledger"] == "unwritable"


def test_a_ledger_that_is_held_up_is_a_503_in_time_and_recovers(tmp_path, monkeypatch):
    monkeypatch.setattr("serving.endpoint.DEADLINE", 0.3)

    async def scenario(http):
        with closing(sqlite3.connect(tmp_path / "home" / "ledger.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            held_up = await http.post("/v1/events", json={"batch": [viewed("v-1")]})
            other.execute("ROLLBACK")
        monkeypatch.setattr("serving.endpoint.DEADLINE", 7.0)
        return held_up, await http.post("/v1/events", json={"batch": [viewed("v-1")]})

    held_up, again = in_service(tmp_path, scenario)
    assert (held_up.status_code, held_up.headers["retry-after"]) == (503, "1")
    assert again.json()["accepted"] + again.json()["duplicates"] == 1


def test_a_body_that_never_arrives_is_a_408(tmp_path, monkeypatch):
    monkeypatch.setattr("serving.endpoint.DEADLINE", 0.05)

    async def trickle():
        yield b"{"
        await asyncio.sleep(5)

    async def scenario(http):
        return await http.post("/v1/decisions", content=trickle(), headers={"Content-Type": "application/json"})

    assert in_service(tmp_path, scenario).status_code == 408


def test_whatever_nobody_foresaw_is_a_500_without_details(tmp_path, monkeypatch, caplog):
    async def boom(self, *_args, **_options):
        raise RuntimeError("canary-5d1c")

    monkeypatch.setattr("serving.decision_log.DecisionDesk.answer_all", boom)

    async def scenario(http):
        return await http.post("/v1/decisions", json=ask("r"))

    answer = in_service(tmp_path, scenario)
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert "canary-5d1c" not in answer.text + caplog.text
    assert "RuntimeError at test_app.py" in caplog.text


# --- who may call, and the contract ------------------------------------------------------------------------------


def test_without_keys_only_this_machine_is_answered(tmp_path):
    async def scenario(http):
        return [(await http.get(path)).status_code for path in ("/livez", "/v1/actions", "/nowhere")]

    assert in_service(tmp_path, scenario) == [200, 200, 404]
    assert in_service(tmp_path, scenario, client=("192.0.2.1", 5)) == [200, 401, 401]


def test_the_contract_names_every_error_and_resolves_every_reference(tmp_path):
    async def scenario(http):
        return (await http.get("/docs.json")).json()

    document = in_service(tmp_path, scenario)
    schemas = document["components"]["schemas"]
    for route in ROUTES:
        operation = document["paths"][route.path][route.method.lower()]
        assert set(operation["responses"]) == {str(route.status), *(str(status) for status in errors_of(route))}
        assert ("requestBody" in operation) == (route.method == "POST")
    references = [each.split("/")[-1] for each in _references(document)]
    assert set(references) <= schemas.keys()


def _references(node):
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        for inner in node.values():
            yield from _references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from _references(inner)


def test_a_head_request_gets_headers_only(tmp_path):
    async def scenario(http):
        return await http.head("/readyz")

    answer = in_service(tmp_path, scenario)
    assert (answer.status_code, answer.content) == (200, b"")


def test_answers_fit_their_documented_shapes(tmp_path):
    async def scenario(http):
        await http.post("/v1/identify", json={"userId": "u-1", "traits": {"age": 44}, "messageId": "m"})
        return {
            answers.DecisionAnswer: await http.post("/v1/decisions", json=ask("r")),
            answers.ActionsAnswer: await http.get("/v1/actions"),
            ProfileAnswer: await http.post("/v1/profiles", json={"customer": {"user_id": "u-1"}}),
            answers.ReadyAnswer: await http.get("/readyz"),
            answers.LiveAnswer: await http.get("/livez"),
        }

    for model, answer in in_service(tmp_path, scenario).items():
        model.model_validate(answer.json(), strict=True)
