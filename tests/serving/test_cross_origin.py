"""A browser lets web pages send events, and nothing else, where keys are configured."""

import pytest
from in_process import in_service
from test_app import viewed

from serving.api_key import keys_in
from serving.connection import _OVERLOADED, _written
from serving.routes import ROUTES

KEYS = keys_in("k-all,write:w-web")
FOR_PAGES = sorted(route.path for route in ROUTES if route.access == "segment")
OTHERS = sorted({route.path for route in ROUTES} - set(FOR_PAGES))
ORIGIN = {"Origin": "https://shop.example"}
ASKING = ORIGIN | {
    "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type",
}  # fmt: skip
KEY = {"Authorization": "Basic dy13ZWI6"}


def sent(tmp_path, *calls, keys=KEYS):
    async def scenario(http):
        return [await http.request(method, path, **options) for method, path, options in calls]

    return in_service(tmp_path, scenario, keys=keys)


def allowing(answer):
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


def test_a_preflight_is_answered_for_the_routes_of_senders_and_for_no_other(tmp_path):
    assert len(FOR_PAGES) == 7
    assert "/v1/events" in OTHERS
    answers = sent(tmp_path, *(("OPTIONS", path, {"headers": ASKING}) for path in (*FOR_PAGES, *OTHERS, "/v1/nowhere")))
    yes, no = answers[: len(FOR_PAGES)], answers[len(FOR_PAGES) :]
    assert {(each.status_code, each.content) for each in yes} == {(204, b"")}
    for each in yes:
        assert "content-length" not in each.headers
        assert allowing(each) == {
            "access-control-allow-origin": "*", "access-control-allow-methods": "POST",
            "access-control-allow-headers": "authorization, content-type, x-api-key, x-request-id, anonymousid",
            "access-control-max-age": "86400",
        }  # fmt: skip
    assert {each.status_code for each in no} == {401}
    assert [allowing(each) for each in no if allowing(each)] == []


def test_a_page_may_read_every_answer_to_what_it_sends_and_no_other(tmp_path):
    event = {"json": viewed("m-1"), "headers": ORIGIN | KEY}
    taken, wrong, nobody, other = sent(
        tmp_path,
        ("POST", "/v1/track", event),
        ("POST", "/v1/track", event | {"json": []}),
        ("POST", "/v1/track", event | {"headers": ORIGIN}),
        ("POST", "/v1/events", event | {"json": {"batch": []}}),
    )
    assert [each.status_code for each in (taken, wrong, nobody, other)] == [200, 400, 401, 200]
    for each in (taken, wrong, nobody):
        assert allowing(each) == {"access-control-allow-origin": "*"}
    assert allowing(other) == {}


@pytest.mark.parametrize("path", FOR_PAGES[:2])
def test_without_keys_no_page_may_send(tmp_path, path):
    asked, answered = sent(
        tmp_path,
        ("OPTIONS", path, {"headers": ASKING}),
        ("POST", path, {"json": viewed("m-1"), "headers": ORIGIN}),
        keys=(),
    )
    assert asked.status_code == 405
    assert allowing(asked) == allowing(answered) == {}


@pytest.mark.parametrize("missing", ["Origin", "Access-Control-Request-Method"])
def test_what_is_no_preflight_needs_a_key(tmp_path, missing):
    headers = {name: value for name, value in ASKING.items() if name != missing}
    (answer,) = sent(tmp_path, ("OPTIONS", "/v1/track", {"headers": headers}))
    assert answer.status_code == 401


@pytest.mark.parametrize(("segment", "pages"), [(True, True), (True, False), (False, True)])
def test_a_page_may_read_what_a_connection_refuses_at_once(segment, pages):
    answer = _written(_OVERLOADED, "mine", segment=segment, pages=pages)
    assert (b"\r\naccess-control-allow-origin: *\r\n" in answer) == (segment and pages)
