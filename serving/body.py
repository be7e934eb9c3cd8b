"""The bytes of a request: read with a bound, unpacked with the same bound, parsed once."""

import zlib
from collections.abc import Mapping
from typing import NamedTuple

from starlette.types import Receive

from serving.responses import HttpError
from serving.signature import check_body
from serving.strict_json import parse

JSON_LIMIT = 64 * 1024
"""Bytes of one single call."""
BATCH_LIMIT = 1024 * 1024
"""Bytes of one batch, packed or unpacked."""
SENDER_LIMIT = 4 * 1024 * 1024
"""Bytes of one batch of a Segment sender: by convention 500 KB, but RudderStack's libraries fill 4 MiB."""


class Wanted(NamedTuple):
    """What a body must be.

    Parameters: `limit`, bytes, before and after unpacking; `in_place`, as in `strict_json.parse`; `digest`, the sha256
    that was signed (None: nothing was).
    """

    limit: int
    in_place: bool = False
    digest: str | None = None


async def read_json(headers: Mapping[bytes, bytes], receive: Receive, wanted: Wanted) -> object:
    """Read the body of a request as strict JSON.

    Parameters: `headers` by lower-case name. Raises `HttpError` 415 for another content type or encoding, 413 beyond
    the limit (without reading on), 401 for another body than was signed, `MalformedJsonError` for the rest.
    """
    check_type(headers)
    packed = await read_bytes(headers, receive, limit=wanted.limit)
    if wanted.digest is not None:
        check_body(packed, wanted.digest)
    encoding = headers.get(b"content-encoding", b"identity")
    return parse(unpack(packed, encoding, limit=wanted.limit), in_place=wanted.in_place)


def check_type(headers: Mapping[bytes, bytes]) -> None:
    """Refuse what is not declared as JSON; a web page of a stranger cannot send that without asking first."""
    kind, _, parameters = headers.get(b"content-type", b"").partition(b";")
    charset = parameters.strip().lower()
    if kind.strip().lower() != b"application/json" or charset not in (b"", b"charset=utf-8", b'charset="utf-8"'):
        raise HttpError(
            415, "unsupported_media_type", "Content-Type must be application/json in UTF-8", field="Content-Type"
        )


async def read_bytes(headers: Mapping[bytes, bytes], receive: Receive, *, limit: int) -> bytes:
    """Read the whole body, or raise `HttpError` 413 as soon as it is known to be larger than the limit."""
    announced = headers.get(b"content-length", b"0")
    if announced.isdigit() and int(announced[:20]) > limit:
        raise _too_large(limit)
    chunks, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise HttpError(400, "incomplete_body", "the connection closed before the body was complete")
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
        size += len(chunks[-1])
        if size > limit:
            raise _too_large(limit)
    return b"".join(chunks)


def unpack(packed: bytes, encoding: bytes, *, limit: int) -> bytes:
    """Undo the content encoding, bounded.

    >>> import gzip
    >>> unpack(gzip.compress(b"{}"), b"gzip", limit=100)
    b'{}'
    """
    named = encoding.strip().lower()
    if named in (b"identity", b""):
        return packed
    if named != b"gzip":
        raise HttpError(
            415, "unsupported_encoding", "Content-Encoding must be gzip or identity", field="Content-Encoding"
        )
    return _gunzip(packed, limit)


def _gunzip(packed: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        body = unpacker.decompress(packed, limit + 1)
    except zlib.error:
        raise _not_gzip() from None
    if len(body) > limit:
        raise _too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise _not_gzip()
    return body


def _not_gzip() -> HttpError:
    return HttpError(400, "invalid_encoding", "the body is not one complete gzip member", field="Content-Encoding")


def _too_large(limit: int) -> HttpError:
    return HttpError(413, "too_large", f"the body is larger than {limit} bytes", headers={"Connection": "close"})
