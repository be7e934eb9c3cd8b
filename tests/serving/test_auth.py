import base64
from pathlib import Path

import pytest

from decisioning.errors import InvalidInputError
from serving.auth import KeyRing
from serving.responses import HttpError
from serving.settings import Settings, from_environment

HERE = Path()
FAR = "192.0.2.7"


def basic(user, password=""):
    return {b"authorization": b"Basic " + base64.b64encode(f"{user}:{password}".encode())}


def ring(**keys):
    return KeyRing(Settings(HERE, HERE, **keys))


def is_admitted(keys, headers, *, client=FAR, segment=False):
    try:
        keys.admit(headers, client=client, segment=segment)
    except HttpError as error:
        return error.status != 401
    return True


@pytest.mark.parametrize(
    "headers",
    [{b"authorization": b"Bearer k-1"}, {b"authorization": b"bearer k-1"}, {b"x-api-key": b"k-1"}, basic("k-1")],
)
def test_an_api_key_opens_every_route(headers):
    keys = ring(api_keys=("k-1", "k-2"), write_keys=("w-1",))
    assert is_admitted(keys, headers)
    assert is_admitted(keys, headers, segment=True)


def test_a_write_key_opens_segment_routes_only():
    keys = ring(api_keys=("k-1",), write_keys=("w-1",))
    assert is_admitted(keys, basic("w-1"), segment=True)
    assert not is_admitted(keys, basic("w-1"))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {b"authorization": b""},
        {b"authorization": b"Bearer"},
        {b"authorization": b"Bearer k-"},
        {b"authorization": b"Bearer k-11"},
        {b"authorization": b"Basic !!!"},
        {b"authorization": b"Basic \xff"},
        {b"authorization": b"Digest k-1"},
        {b"x-api-key": b""},
        basic("", "k-1"),
    ],
)
def test_anything_else_stays_outside_even_on_this_machine(headers):
    assert not is_admitted(ring(api_keys=("k-1",)), headers, client="127.0.0.1")


def test_with_write_keys_alone_nothing_else_is_open():
    assert not is_admitted(ring(write_keys=("w-1",)), {}, client="127.0.0.1")
    assert not is_admitted(ring(write_keys=("w-1",)), {b"x-api-key": b"w-1"}, client="127.0.0.1")


@pytest.mark.parametrize(("client", "inside"), [("127.0.0.1", True), ("::1", True), (FAR, False), ("", False)])
def test_without_keys_only_this_machine_is_let_in(client, inside):
    assert is_admitted(ring(), {}, client=client) is inside


def test_both_kinds_of_keys_come_from_one_variable():
    settings = from_environment({"TSUGI_API_KEYS": " k-1,,write:w-1 , k-2"})
    assert (settings.api_keys, settings.write_keys) == (("k-1", "k-2"), ("w-1",))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "example.org"])  # noqa: S104  # refused, that is the test
def test_an_open_service_refuses_to_face_the_network(host):
    with pytest.raises(InvalidInputError, match="TSUGI_API_KEYS"):
        Settings(HERE, HERE, host=host).checked()
    assert Settings(HERE, HERE, host=host, api_keys=("k",)).checked()


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_port_that_does_not_exist_is_refused(port):
    with pytest.raises(InvalidInputError, match="ports are 1 to 65535"):
        Settings(HERE, HERE, port=port).checked()
