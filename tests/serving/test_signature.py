"""Row 31 of the reliability list: a signature opens once, lately, for one request; two secrets may be live at once."""

import base64
from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st
from in_process import START, Clock, in_service

from decisioning.errors import InvalidInputError
from serving.api_key import keys_in
from serving.client.signing import Signed, authorization, secret_in
from serving.signature import WINDOW_SECONDS

OLD, NEW = ("whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"o", b"n"))
ROUTE = "POST /v1/decisions"
BODY = b'{"request_id": "r-1", "customer": {"user_id": "u-1"}, "placement": "web_home"}'


def signed(body=BODY, *, key=OLD, asked=ROUTE, at=START):
    sent = authorization(secret_in(key), asked, body, clock=at.timestamp)
    return {"Authorization": sent, "Content-Type": "application/json"}


def answered(folder, *sent, listed=f"{OLD},k-1", clock=None):
    """The statuses of (headers, body) sent to the route for decisions, one after the other."""

    async def scenario(http):
        return [(await http.post("/v1/decisions", headers=headers, content=body)) for headers, body in sent]

    answers = in_service(folder, scenario, keys=keys_in(listed), clock=clock or Clock())
    return [each.status_code for each in answers]


def test_a_signed_request_is_let_in_once_and_a_key_beside_it_still_opens(tmp_path):
    headers = signed()
    key = {"Authorization": "Bearer k-1", "Content-Type": "application/json"}
    assert answered(tmp_path, (headers, BODY), (headers, BODY), (signed(), BODY), (key, BODY)) == [200, 401, 200, 200]


def test_what_was_used_before_a_restart_opens_nothing_after_it(tmp_path):
    headers = signed()
    assert answered(tmp_path, (headers, BODY)) == [200]
    assert answered(tmp_path, (headers, BODY), (signed(), BODY)) == [401, 200]


@pytest.mark.parametrize(("off", "status"), [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401), (-86400, 401)])
def test_a_signature_holds_for_five_minutes_either_way(tmp_path, off, status):
    assert answered(tmp_path, (signed(at=START + timedelta(seconds=off)), BODY)) == [status]


def test_a_signature_is_of_one_body_one_path_one_method_and_one_secret(tmp_path):
    other = BODY.replace(b"u-1", b"u-2")
    sent = [
        (signed(), other),
        (signed(asked="POST /v1/profiles"), BODY),
        (signed(asked="GET /v1/decisions"), BODY),
        (signed(key=NEW), BODY),
        ({**signed(), "Authorization": "TSUGI-HMAC-SHA256 nonsense"}, BODY),
        ({**signed(), "Authorization": f"Bearer {OLD}"}, BODY),
        ({**signed(), "Authorization": "", "X-API-Key": OLD}, BODY),
    ]
    assert answered(tmp_path, *sent) == [401] * len(sent)


def test_while_two_secrets_are_live_either_opens_and_one_that_is_gone_does_not(tmp_path):
    both = [(signed(key=key), BODY) for key in (OLD, NEW)]
    assert answered(tmp_path, *both, listed=f"{OLD},{NEW}") == [200, 200]
    late = [(signed(key=key), BODY) for key in (OLD, NEW)]
    assert answered(tmp_path, *late, listed=NEW) == [401, 200]


def test_a_signing_key_has_rights_like_any_other(tmp_path):
    assert answered(tmp_path, (signed(), BODY), listed=f"write:{OLD}") == [403]
    assert answered(tmp_path, (signed(), BODY), (signed(), BODY), listed=f"decide@1:{OLD}") == [200, 429]


def test_nothing_is_let_in_where_it_cannot_be_known_what_was_used(tmp_path):
    async def scenario(http):
        (tmp_path / "home" / "nonces.db").mkdir()
        return await http.post("/v1/decisions", headers=signed(), content=BODY)

    assert in_service(tmp_path, scenario, keys=keys_in(OLD)).status_code == 503


def test_what_was_used_is_forgotten_when_its_time_is_over_and_stays_refused(tmp_path):
    clock, headers = Clock(), signed()

    async def scenario(http):
        first = await http.post("/v1/decisions", headers=headers, content=BODY)
        clock.now += timedelta(seconds=3 * WINDOW_SECONDS)
        later = signed(at=clock.now)
        return [first, *[await http.post("/v1/decisions", headers=each, content=BODY) for each in (later, headers)]]

    answers = in_service(tmp_path, scenario, keys=keys_in(OLD), clock=clock)
    assert [each.status_code for each in answers] == [200, 200, 401]


@pytest.mark.parametrize("said", ["", "nonsense", f"short:1:{'0' * 64}:{'0' * 64}", f"{'n' * 16}:1:{'0' * 64}:00"])
def test_what_cannot_be_read_as_a_signature_is_told_what_one_is_and_not_repeated(tmp_path, said):
    async def scenario(http):
        sent = {**signed(), "Authorization": f"TSUGI-HMAC-SHA256 {said}"}
        return await http.post("/v1/decisions", headers=sent, content=BODY)

    answer = in_service(tmp_path, scenario, keys=keys_in(OLD))
    assert (answer.status_code, "16 to 64 letters and digits" in answer.text) == (401, True)
    assert not said or said not in answer.text


@pytest.mark.parametrize("text", ["whsec_", "whsec_short", "decide:whsec_!!!", "whsec_" + "A" * 28])
def test_a_secret_that_is_none_is_refused_and_not_repeated(text):
    with pytest.raises(InvalidInputError, match="expected whsec_ and base64 of 24 to 64 random bytes") as refused:
        keys_in(text)
    assert "short" not in str(refused.value)


parts = st.tuples(st.from_regex(r"[0-9a-z]{16,64}", fullmatch=True), st.integers(0, 10**11), st.binary(), st.text())


@given(parts, parts)
def test_two_requests_have_one_signature_only_where_everything_signed_is_equal(one, other):
    first, second = (
        Signed(nonce, at, sha256(body).hexdigest(), path).signature(b"k" * 32) for nonce, at, body, path in (one, other)
    )
    assert (first == second) == (one == other)
