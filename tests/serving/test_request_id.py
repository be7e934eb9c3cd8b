"""An error and what the log tells of it have one id: the caller's where it may stand in a log, else one of ours."""

import io
import json
import logging
import re

import pytest
from in_process import in_service
from test_app import ask

from serving.connection import _OVERLOADED, _written
from serving.log_lines import ROOMS, write_json_lines

OURS = re.compile(r"[0-9a-f]{16}")


@pytest.fixture
def lines(monkeypatch):
    """What the service logs, as it would write it."""
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    loggers = [logging.getLogger(room) for room in ROOMS]
    before = [(each, each.handlers, each.propagate) for each in loggers]
    write_json_lines()
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    for each, handlers, propagate in before:
        each.handlers, each.propagate = handlers, propagate


def failing(monkeypatch):
    async def boom(self, *_args, **_options):
        raise RuntimeError("canary-5d1c\nforged")

    monkeypatch.setattr("serving.decision_log.DecisionDesk.answer_all", boom)


def sent(tmp_path, *calls):
    async def scenario(http):
        return [await http.request(method, path, **options) for method, path, options in calls]

    return in_service(tmp_path, scenario)


def named(request_id):
    return {"X-Request-ID": request_id}


def test_an_error_and_its_log_line_have_the_callers_id(tmp_path, monkeypatch, lines):
    failing(monkeypatch)
    (answer,) = sent(tmp_path, ("POST", "/v1/decisions", {"json": ask("r"), "headers": named("checkout-7")}))
    assert (answer.status_code, answer.headers["x-request-id"]) == (500, "checkout-7")
    (line,) = lines()
    assert (line["level"], line["logger"], line["request_id"]) == ("error", "serving.endpoint", "checkout-7")
    assert "canary-5d1c" not in json.dumps(line)


@pytest.mark.parametrize("given", [{}, named(""), named("x" * 65), named("ana@example.org"), named("two words")])
def test_an_error_of_a_request_without_a_usable_id_has_one_of_ours(tmp_path, monkeypatch, lines, given):
    failing(monkeypatch)
    (answer,) = sent(tmp_path, ("POST", "/v1/decisions", {"json": ask("r"), "headers": given}))
    assert OURS.fullmatch(answer.headers["x-request-id"])
    assert [line["request_id"] for line in lines()] == [answer.headers["x-request-id"]]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("POST", "/v1/decisions", 400), ("GET", "/v1/nowhere", 404), ("GET", "/v1/decisions", 405)],
)
def test_every_kind_of_error_has_an_id_and_an_answer_needs_none(tmp_path, method, path, status):
    options = {"headers": named("a.b_c-1"), "json": {} if method == "POST" else None}
    refused, fine = sent(tmp_path, (method, path, options), ("GET", "/v1/actions", {"headers": named("a")}))
    assert (refused.status_code, refused.headers["x-request-id"]) == (status, "a.b_c-1")
    assert "x-request-id" not in fine.headers


def test_what_a_connection_refuses_at_once_has_an_id_too():
    assert b"\r\nx-request-id: mine\r\n" in _written(_OVERLOADED, "mine", segment=False)


def test_a_decision_that_cannot_be_recorded_is_logged_with_its_request(tmp_path, lines):
    async def scenario(http):
        http.desk.ledger._writer.close()
        return await http.post("/v1/decisions", json=ask("r"), headers=named("mine"))

    answer = in_service(tmp_path, scenario)
    assert (answer.status_code, answer.headers["x-request-id"]) == (200, "mine")
    told = [line for line in lines() if line["logger"] == "serving.decision_log"]
    assert [line["request_id"] for line in told] == ["mine"]


def test_a_line_of_no_request_names_none(lines):
    logging.getLogger("serving.kept").warning("catalog %s\nserves", "c-1")
    (line,) = lines()
    assert line["message"] == "catalog c-1\nserves"
    assert "request_id" not in line
