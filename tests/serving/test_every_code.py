"""Every code that the documentation lists is answered, with its status, by a request that a reader could send."""

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from in_process import START, in_service, serving
from test_app import ask, viewed

from serving.api_key import keys_in

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "http.md").read_text()
TABLE = re.findall(r"^\| (\d{3}) \| ([^|]+) \|", PAGE.partition("\n## Errors")[2], re.MULTILINE)
DOCUMENTED = {code: int(status) for status, codes in TABLE for code in re.findall(r"`(\w+)`", codes)}
ELSEWHERE = {
    "incomplete_body": "serving/test_body.py: test_a_connection_that_closes_early_is_a_client_error",
    "request_timeout": "serving/test_app.py: test_a_body_that_never_arrives_is_a_408",
    "internal_error": "serving/test_app.py: test_whatever_nobody_foresaw_is_a_500_without_details",
    "overloaded": "reliability/test_overload.py: test_of_five_times_what_can_be_borne_four_fifths_of_the_peak",
    "unavailable": "serving/test_app.py: test_a_ledger_that_is_held_up_is_a_503_in_time_and_recovers",
}
"""What takes a connection, a clock or a ledger of its own."""
KEYS = keys_in("k-all,write:k-write,decide@1:k-slow")
WHO = {"user_id": "u-1"}
CONSENT = {"consent_id": "k", "customer": WHO, "purpose": "marketing", "granted": False, "method": "form"}
JSON = {"Content-Type": "application/json"}


def key(name):
    return {"Authorization": f"Bearer {name}"}


async def decided(http, name):
    answer = (await http.post("/v1/decisions", json=ask(name, user=name))).json()
    return answer["decision_id"], answer["ranked"][0]


async def wrong_outcomes(http):
    """One outcome that is wrong in one way, at a time."""
    decision_id, first = await decided(http, "outcomes")
    good = {
        "outcome_id": "o", "decision_id": decision_id, "action": first["action"], "treatment": first["treatment"],
        "type": "click", "occurred_at": START.isoformat(),
    }  # fmt: skip
    far = (START + timedelta(days=900)).isoformat()
    changes = [
        {"action": "teleport"}, {"treatment": "hologram"}, {"type": "impresion"}, {"occurred_at": "yesterday"},
        {"occurred_at": "2026-01-01T00:00:00"}, {"occurred_at": far},
    ]  # fmt: skip
    return [await http.post("/v1/outcomes", json={"outcomes": [{**good, **each}]}) for each in changes]


async def wrong_bodies(http):
    """Bodies, and the bytes that they are made of."""
    path, big = "/v1/decisions", b'{"request_id": "' + b"x" * 70_000 + b'"}'
    return [
        await http.post(path, content=b"{", headers=JSON),
        await http.post(path, json=ask("r", limit=0)),
        await http.post(path, json={**ask("r"), "customer": {}}),
        await http.post(path, json=ask("r", placement="attic")),
        await http.post(path, json=ask("r", channel="fax")),
        await http.post("/v1/consents", json={**CONSENT, "purpose": "markting"}),
        await http.post("/v1/holds", json={"hold_id": "h", "customer": WHO, "hold": "sales", "issues": ["growth"]}),
        await http.post(path, content=b"no gzip", headers={**JSON, "Content-Encoding": "gzip"}),
        await http.post(path, content=b"{}", headers={**JSON, "Content-Encoding": "br"}),
        await http.post(path, content=b"{}", headers={"Content-Type": "text/plain"}),
        await http.post(path, content=big, headers=JSON),
    ]


async def wrong_callers(http):
    """Keys, paths and methods."""
    return [
        await http.get("/v1/actions", headers=key("k-nobody")),
        await http.get("/v1/actions", headers=key("k-write")),
        await http.get("/v1/nowhere"),
        await http.get("/v1/decisions"),
        *[await http.post("/v1/decisions", json=ask(f"fast-{n}"), headers=key("k-slow")) for n in range(3)],
    ]


async def what_is_gone(http, home):
    """Decisions and customers that are not there, not any more, or not as they were."""
    told = []
    await http.post("/v1/decisions", json=ask("claimed"))
    told.append(await http.post("/v1/decisions", json=ask("claimed", user="u-2")))
    told.append(await http.post("/v1/explanations", json={"decision_id": "d_nobody"}))
    erased, _ = await decided(http, "erased")
    await http.post("/v1/erasures", json={"customer": {"user_id": "erased"}})
    told.append(await http.post("/v1/explanations", json={"decision_id": erased}))
    for n in range(8):
        await http.post("/v1/track", json={**viewed(f"s-{n}", user=f"s-{n}"), "anonymousId": "kiosk"})
    told.append(await http.post("/v1/erasures", json={"customer": {"anonymous_id": "kiosk"}}))
    for field, value in (
        ("constraints", None),
        ("versions", {"bundle": "b-gone"}),
        ("versions", {"catalog": "c-gone"}),
    ):
        decision_id, _ = await decided(http, f"altered-{field}-{value}".replace(" ", ""))
        alter(home, decision_id, field, value)
        told.append(await http.post("/v1/explanations", json={"decision_id": decision_id, "what_if": {}}))
    return told


def alter(home, decision_id, field, value):
    """Change a record as if it had been written by an older version, or what it names were lost."""
    with closing(sqlite3.connect(home / "ledger.db")) as connection, connection:
        where = "kind = 'decision' AND record_id = ?"
        (body,) = connection.execute(f"SELECT body FROM record WHERE {where}", (decision_id,)).fetchone()
        record = orjson.loads(body)
        held = record["decision"][field]
        record["decision"][field] = {**held, **value} if value else value
        connection.execute(f"UPDATE record SET body = ? WHERE {where}", (orjson.dumps(record), decision_id))


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """The codes that were answered, each with its status."""
    folder = tmp_path_factory.mktemp("codes")

    async def run():
        async with serving(folder, keys=KEYS) as http:
            http.headers.update(key("k-all"))
            parts = [await each(http) for each in (wrong_outcomes, wrong_bodies, wrong_callers)]
            return [*(one for part in parts for one in part), *await what_is_gone(http, folder / "home")]

    errors = [(each.status_code, each.json()) for each in asyncio.run(run())]
    return {body["error"]["code"]: status for status, body in errors if "error" in body}


def test_every_documented_code_is_answered_with_its_status(answered):
    missing = DOCUMENTED.keys() - answered.keys() - ELSEWHERE.keys()
    assert sorted(missing) == []
    assert {code: answered[code] for code in answered if code in DOCUMENTED} == {
        code: status for code, status in DOCUMENTED.items() if code in answered
    }


def test_no_code_is_answered_that_is_not_documented(answered):
    assert sorted(answered.keys() - DOCUMENTED.keys()) == []


@pytest.mark.parametrize("code", ELSEWHERE)
def test_the_others_have_a_test_of_their_own(code):
    file, name = ELSEWHERE[code].split(": ")
    assert f"def {name}" in (ROOT / "tests" / file).read_text()
    assert code in DOCUMENTED


REJECTED = {
    "not_an_object": "tea",
    "missing_field": {"type": "track", "event": "Seen"},
    "unknown_type": {"type": "tracked", "userId": "u"},
    "wrong_type": {"type": "track", "event": "Seen", "userId": "u", "properties": "red"},
    "not_finite": {"type": "track", "event": "Seen", "userId": "u", "properties": {"price": float("nan")}},
    "invalid_property": {"type": "track", "event": "Survey Answered", "userId": "u", "properties": {"nps": 11}},
    "too_long": {"type": "track", "event": "Seen", "userId": "u" * 2000},
    "too_large": {"type": "track", "event": "Seen", "userId": "u", "properties": {"text": "x" * 40_000}},
}


def test_what_is_wrong_inside_a_batch_has_the_documented_code(tmp_path):
    async def scenario(http):
        body = json.dumps({"batch": list(REJECTED.values())})
        return (await http.post("/v1/batch", content=body, headers=JSON)).json()

    rejected = in_service(tmp_path, scenario)["rejected"]
    assert {list(REJECTED)[each["index"]]: each["code"] for each in rejected} == {code: code for code in REJECTED}


def test_every_code_with_which_an_event_or_an_outcome_is_refused_is_documented():
    files = [path for each in (".", "contract") for path in (ROOT / "features" / each).glob("*.py")]
    text = "".join(path.read_text() for path in files)
    codes = set(re.findall(r'RejectedEventError\(\s*"(\w+)"', text))
    assert len(codes) > 12
    assert [code for code in sorted(codes) if f"`{code}`" not in PAGE.partition("\n## Errors")[2]] == []
