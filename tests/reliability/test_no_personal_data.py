"""Row 54 of the reliability list: no personal value reaches a log, a metric, an error, or an address.

The real service is sent canaries in every field, well formed and not, over every route, and made to fail.
"""

import json
import logging
import sqlite3

import pytest
from canaries import Subject, a_workspace
from service_process import WRITE, Service
from typer.testing import CliRunner

from pipelines.cli import app

ROUTES = (
    "/v1/decisions", "/v1/outcomes", "/v1/batch", "/v1/events", "/v1/profiles", "/v1/consents", "/v1/objections",
    "/v1/holds", "/v1/erasures", "/v1/exports", "/v1/identify", "/v1/track", "/v1/page", "/v1/alias", "/v1/group",
)  # fmt: skip


def bodies(subject):
    """What a route may be sent, right and wrong, with the canary in every value and in names of fields."""
    word = subject.word
    who = {"user_id": word("u")}
    refused = [
        {word("field"): word("value")},
        {"customer": {word("kind"): word("u")}},
        {"customer": {"user_id": word("u") * 40}},
        {"customer": {"email": word("mail"), "phone": word("phone")}},
        {"request_id": word("q"), "customer": who, "placement": word("placement")},
        {"request_id": word("q"), "customer": who, "placement": "web_home", "context": {word("name"): [word("list")]}},
        {"outcomes": [{"outcome_id": word("o"), "decision_id": word("d"), "type": word("type")}]},
        {"batch": [*subject.events(), *subject.refused()], "sentAt": word("when")},
        [word("list")],
        word("text"),
    ]
    taken = [
        {"batch": [*subject.events(), *subject.refused()]},
        {"request_id": word("q"), "customer": who, "placement": "web_home", "context": {"word": word("context")}},
        {"customer": who},
        {"outcomes": [outcome(word, n) for n in range(3)]},
        {"consent_id": word("c"), "customer": who, "purpose": word("purpose"), "granted": True, "method": word("how")},
        {"objection_id": word("ob"), "customer": who, "to": [word("purpose")]},
        {"hold_id": word("h"), "customer": who, "hold": word("hold"), "issues": [word("issue")]},
        *subject.events(),
    ]
    return [json.dumps(body).encode() for body in (*refused, *taken)] + malformed(word)


def outcome(word, n):
    named = {"outcome_id": word(f"o{n}"), "decision_id": word("d"), "action": word("action"), "treatment": word("t")}
    return {**named, "type": "click", "occurred_at": "2026-01-01T00:00:00Z"}


def malformed(word):
    text = word("broken").encode()
    return [
        b'{"' + text,
        b'{"a": "' + text + b'\xff"}',
        text,
        b'{"a": NaN, "' + text + b'": 1}',
        b'["' + text + b'"' * 3,
    ]


def send_everything(service, subjects):
    """Every body to every route; the statuses met."""
    met = {}
    for subject in subjects:
        for route in ROUTES:
            for body in bodies(subject):
                headers = {"Content-Type": "application/json", **(WRITE if route in ROUTES[-5:] else {})}
                answer = service.client.post(route, content=body, headers=headers)
                met[answer.status_code] = met.get(answer.status_code, 0) + 1
                if answer.status_code >= 400:
                    yield subject, route, answer
        yield subject, "unheard of", service.client.get(f"/v1/{subject.word('path')}")
    print(met)


def break_the_stores(home):
    """Make every read and write of the ledger fail in a way that nobody foresaw."""
    with sqlite3.connect(home / "ledger.db") as connection:
        connection.execute("ALTER TABLE identifier RENAME TO gone")
    connection.close()


@pytest.mark.parametrize("n", [1, pytest.param(10, marks=pytest.mark.reliability)])
def test_no_canary_is_in_logs_metrics_or_errors(tmp_path, n):
    subjects = Subject.many(2 * n, seed=54)
    service = Service(tmp_path)
    told = []
    try:
        told += [(route, answer.text) for _, route, answer in send_everything(service, subjects[:n])]
        break_the_stores(service.home)
        broken = [(route, answer) for _, route, answer in send_everything(service, subjects[n:])]
        told += [(route, answer.text) for route, answer in broken]
        told.append(("/metrics", service.client.get("/metrics").text))
    finally:
        service.client.close()
        service.stop()
    told.append(("the log", service.log.read_text()))
    assert any(answer.status_code >= 500 for _, answer in broken)
    assert len(told) > 100 * n
    found = [(where, text) for where, text in told for subject in subjects if subject.canary in text.lower()]
    assert found == []


def test_the_command_line_repeats_no_identifier(tmp_path, capsys, caplog):

    subject, workspace = Subject.many(1, seed=1)[0], a_workspace(tmp_path)
    where = ["--home", str(tmp_path / "home"), "--workspace", str(workspace)]
    with caplog.at_level(logging.DEBUG, logger="features"):
        for command in (
            ["erase", f"user_id:{subject.word('u')}"],
            ["erase", f"{subject.word('kind')}:x"],
            ["export", f"user_id:{subject.word('u')}", "--out", str(tmp_path / "out")],
            ["object", f"email:{subject.word('mail')}@example.org"],
        ):
            done = CliRunner().invoke(app, [*command, *where])
            said = f"{done.output} {done.exception} {caplog.text}"
            assert subject.canary not in said.lower(), command
