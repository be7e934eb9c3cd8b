import asyncio
import gzip
import zlib

import pytest

from serving.body import Wanted, read_json
from serving.responses import HttpError
from serving.strict_json import MalformedJsonError

JSON = {b"content-type": b"application/json"}
GZIP = {**JSON, b"content-encoding": b"gzip"}


def received(*chunks):
    """The `receive` of a connection that sends these chunks and then stays silent for ever."""
    left = list(chunks)

    async def receive():
        assert left, "read on after the end or beyond the limit"
        chunk = left.pop(0)
        return {"type": "http.request", "body": chunk, "more_body": bool(left)}

    return receive


def reading(headers, *chunks, limit=100):
    return asyncio.run(read_json(headers, received(*chunks), Wanted(limit)))


def test_a_body_in_pieces_is_one_document():
    assert reading(JSON, b'{"a"', b": 1", b"}") == {"a": 1}


def test_a_packed_body_is_unpacked():
    assert reading(GZIP, gzip.compress(b'{"a": 1}')) == {"a": 1}


@pytest.mark.parametrize(
    "kind",
    [
        b"",
        b"text/plain",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data",
        b"application/json; charset=latin1",
    ],
)
def test_another_content_type_is_refused(kind):
    with pytest.raises(HttpError) as raised:
        reading({b"content-type": kind}, b"{}")
    assert (raised.value.status, raised.value.field) == (415, "Content-Type")


@pytest.mark.parametrize("kind", [b"application/json", b"Application/JSON", b"application/json; charset=UTF-8"])
def test_json_in_utf8_is_taken(kind):
    assert reading({b"content-type": kind}, b"{}") == {}


def test_another_encoding_is_refused():
    with pytest.raises(HttpError) as raised:
        reading({**JSON, b"content-encoding": b"br"}, b"{}")
    assert raised.value.status == 415


def test_an_announced_body_over_the_limit_is_refused_unread():
    with pytest.raises(HttpError) as raised:
        reading({**JSON, b"content-length": b"101"})
    assert raised.value.status == 413


def test_an_unannounced_body_is_refused_at_the_limit():
    with pytest.raises(HttpError) as raised:
        reading(JSON, b"[" * 60, b"[" * 60, b"never read")
    assert raised.value.status == 413


def test_a_decompression_bomb_is_bounded():
    with pytest.raises(HttpError) as raised:
        reading(GZIP, gzip.compress(b" " * 10_000_000), limit=50_000)
    assert raised.value.status == 413


@pytest.mark.parametrize(
    "packed",
    [
        b"{}",
        gzip.compress(b"{}")[:-1],
        gzip.compress(b"{}") + b"more",
        gzip.compress(b"{}") * 2,
        zlib.compress(b"{}"),
        b"",
    ],
)
def test_what_is_not_one_complete_gzip_member_is_refused(packed):
    with pytest.raises(HttpError) as raised:
        reading(GZIP, packed)
    assert raised.value.code == "invalid_encoding"


def test_an_empty_body_is_malformed():
    with pytest.raises(MalformedJsonError):
        reading(JSON, b"")


def test_a_connection_that_closes_early_is_a_client_error():
    async def receive():
        return {"type": "http.disconnect"}

    with pytest.raises(HttpError) as raised:
        asyncio.run(read_json(JSON, receive, Wanted(100)))
    assert raised.value.code == "incomplete_body"
