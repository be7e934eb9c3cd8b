"""Web pages of any origin may send events, with the write key that stands in them: what browsers ask for (CORS).

Only where keys are configured: without one whoever is on this machine may call, and a stranger's page must not.
"""

from collections.abc import Mapping

from serving.responses import Answer

ANY_ORIGIN = (b"access-control-allow-origin", b"*")
"""The header by which a browser lets a page read an answer."""
_HEADERS = b"authorization, content-type, x-api-key, x-request-id, anonymousid"
"""What a page may send: how a key and an id come, and `AnonymousId`, which RudderStack's library for pages adds."""
_ALLOWED = [
    ANY_ORIGIN,
    (b"access-control-allow-methods", b"POST"),
    (b"access-control-allow-headers", _HEADERS),
    (b"access-control-max-age", b"86400"),
]


def is_preflight(method: str, headers: Mapping[bytes, bytes]) -> bool:
    """Whether a browser asks what a page may send.

    >>> is_preflight("OPTIONS", {b"origin": b"https://shop.example", b"access-control-request-method": b"POST"})
    True
    >>> is_preflight("OPTIONS", {})
    False
    """
    return method == "OPTIONS" and b"origin" in headers and b"access-control-request-method" in headers


def allowed() -> Answer:
    """The answer to a preflight: a day long, any page may."""
    answer = Answer(b"", status=204)
    answer.headers = list(_ALLOWED)
    return answer
