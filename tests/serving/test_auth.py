import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decisioning.errors import InvalidInputError
from serving.api_key import RIGHTS, keys_in
from serving.auth import KeyRing
from serving.client.signing import authorization, secret_in
from serving.rate_limit import Bucket
from serving.responses import HttpError
from serving.settings import Settings, from_environment

HERE = Path()
FAR = "192.0.2.7"


def basic(user, password=""):
    return {b"authorization": b"Basic " + base64.b64encode(f"{user}:{password}".encode())}


def ring(listed="", **clock):
    return KeyRing(Settings(HERE, HERE, keys=keys_in(listed)), **clock)


def status(keys, headers, *, client=FAR, right="decide", segment=False):
    """What the caller gets: 200 where it is let in."""
    try:
        keys.admit(headers, client=client, right=right, segment=segment)
    except HttpError as error:
        return error.status
    return 200


def is_admitted(keys, headers, **asked):
    return status(keys, headers, **asked) == 200


@pytest.mark.parametrize(
    "headers",
    [{b"authorization": b"Bearer k-1"}, {b"authorization": b"bearer k-1"}, {b"x-api-key": b"k-1"}, basic("k-1")],
)
def test_an_api_key_opens_every_route(headers):
    keys = ring("k-1, k-2, write:w-1")
    assert all(is_admitted(keys, headers, right=right) for right in (*RIGHTS, None))


@pytest.mark.parametrize("right", RIGHTS)
def test_a_key_opens_what_its_right_is_for_and_nothing_else(right):
    keys = ring(f"k-1, {right}:k-2")
    asked = {each: status(keys, basic("k-2"), right=each) for each in (*RIGHTS, None)}
    assert asked == {each: 200 if each in (right, None) else 403 for each in asked}


def test_what_a_key_may_is_said_where_it_may_not():
    with pytest.raises(HttpError, match="this key may decide, read; admin is needed"):
        ring("decide+read:k-1").admit(basic("k-1"), client=FAR, right="admin")


def test_a_key_with_a_rate_waits_its_turn_and_others_do_not():
    now = [0.0]
    keys = ring("read@2:k-1, k-2", clock=lambda: now[0])
    assert [status(keys, basic("k-1"), right="read") for _ in range(3)] == [200, 200, 429]
    with pytest.raises(HttpError) as refused:
        keys.admit(basic("k-1"), client=FAR, right="read")
    assert (refused.value.code, dict(refused.value.headers)) == ("too_many_requests", {b"retry-after": b"1"})
    assert all(is_admitted(keys, basic("k-2")) for _ in range(9))
    now[0] = 0.5
    assert [status(keys, basic("k-1"), right="read") for _ in range(2)] == [200, 429]


def test_a_key_that_calls_too_often_is_known_by_its_headers_alone_and_is_not_charged_for_that():
    now = [0.0]
    signs = "whsec_" + "A" * 32
    keys = ring(f"read@2:k-1, k-2, read@1:{signs}", clock=lambda: now[0])
    assert [keys.too_often(basic("k-1")) for _ in range(9)] == [None] * 9
    admitted = [keys.admit(basic("k-1"), client=FAR, right="read") for _ in range(2)]
    assert not any(each.floods for each in admitted)
    assert keys.too_often(basic("k-1")).status == 429
    assert [keys.too_often(each) for each in (basic("k-2"), basic("k-3"), basic(signs), {})] == [None] * 4
    now[0] = 0.5
    assert keys.admit(basic("k-1"), client=FAR, right="read").floods
    now[0] = 5.0
    assert not keys.admit(basic("k-1"), client=FAR, right="read").floods


@given(st.floats(0.1, 50), st.lists(st.floats(0, 3), min_size=1, max_size=60))
def test_nobody_gets_more_than_their_rate_and_one_burst(rate, pauses):
    bucket, now, taken = Bucket(rate), 0.0, 0
    for pause in pauses:
        now += pause
        wait = bucket.take(now)
        taken += wait == 0.0
        assert wait >= 0.0
        assert taken <= bucket.most + rate * now + 1e-6


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"authorization": b""},
        {b"authorization": b"Bearer"},
        {b"authorization": b"Bearer k-"},
        {b"authorization": b"Bearer k-11"},
        {b"authorization": b"Basic !!!"},
        {b"authorization": b"Basic !" + base64.b64encode(b"k-1:")},
        {b"authorization": b"Basic \xff"},
        {b"authorization": b"Digest k-1"},
        {b"x-api-key": b""},
        basic("", "k-1"),
    ],
)
def test_anything_else_stays_outside_even_on_this_machine(headers):
    assert status(ring("k-1"), headers, client="127.0.0.1") == 401


@pytest.mark.parametrize(("segment", "scheme", "way"), [(True, "Basic", "user name"), (False, "Bearer", "<key>")])
def test_who_stays_outside_is_told_the_way_in_that_senders_like_them_know(segment, scheme, way):
    with pytest.raises(HttpError, match=way) as refused:
        ring("k-1").admit({}, client=FAR, right="write", segment=segment)
    assert dict(refused.value.headers) == {b"www-authenticate": f'{scheme} realm="tsugi"'.encode()}


def test_where_no_nonces_are_kept_no_signature_is_taken_however_good():
    secret = "whsec_" + "A" * 32
    sent = authorization(secret_in(secret), "POST /v1/decisions", b"{}", clock=lambda: 0.0)
    with pytest.raises(HttpError) as refused:
        ring(secret).admit({b"authorization": sent.encode()}, client=FAR, right="decide", asked="POST /v1/decisions")
    assert refused.value.status == 401


def test_with_write_keys_alone_nothing_else_is_open():
    assert status(ring("write:w-1"), {}, client="127.0.0.1") == 401
    assert status(ring("write:w-1"), {b"x-api-key": b"w-1"}, client="127.0.0.1") == 403


@pytest.mark.parametrize(("client", "inside"), [("127.0.0.1", True), ("::1", True), (FAR, False), ("", False)])
def test_without_keys_only_this_machine_is_let_in(client, inside):
    assert is_admitted(ring(), {}, client=client) is inside


def test_keys_rights_and_rates_come_from_one_variable():
    settings = from_environment({"TSUGI_API_KEYS": " k-1,,write:w-1 , decide+read@2.5:k-2, @9:k-3, :k:4"})
    said = [(key.text, len(key.rights), key.per_second) for key in settings.keys]
    assert said == [("k-1", 4, None), ("w-1", 1, None), ("k-2", 2, 2.5), ("k-3", 4, 9.0), ("k:4", 4, None)]
    assert not any(key.text in repr(settings) for key in settings.keys)


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("k-1, wrote:secret", "entry 2: what stands before the colon is one or more of decide, write, read, admin"),
        ("decide:", "entry 1: what stands before"),
        ("decide:secret, read:secret", "entry 2: its key is that of entry 1; one entry has all rights, joined by +"),
        ("decide@often:secret", "entry 1: what stands after @ is how many requests a second"),
        ("decide@0:secret", "above 0"),
        ("@nan:secret", "above 0"),
    ],
)
def test_a_key_without_sense_is_refused_and_not_repeated(listed, said):
    with pytest.raises(InvalidInputError, match=said) as refused:
        keys_in(listed)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])  # noqa: S104  # refused, that is the test
def test_an_open_service_refuses_to_face_the_network(host):
    with pytest.raises(InvalidInputError, match="TSUGI_API_KEYS"):
        Settings(HERE, HERE, host=host).checked()
    assert Settings(HERE, HERE, host=host, keys=keys_in("k")).checked()


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_does_not_exist_is_refused(port):
    with pytest.raises(InvalidInputError, match="ports are 1 to 65535"):
        Settings(HERE, HERE, port=port).checked()
