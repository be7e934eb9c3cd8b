"""Who may call: API keys for everything, write keys for Segment senders, loopback where no key is configured."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from serving.responses import HttpError
from serving.settings import Settings, is_loopback


class KeyRing:
    """The keys that open the service; only their hashes are kept.

    Parameters: `settings` with API keys and write keys.

    >>> from pathlib import Path
    >>> ring = KeyRing(Settings(Path("."), Path("."), api_keys=("k1",)))
    >>> ring.admit({b"authorization": b"Bearer k1"}, client="192.0.2.1", segment=False)
    """

    def __init__(self, settings: Settings) -> None:
        self._open = settings.open
        self._api = _hashes(settings.api_keys)
        self._write = _hashes(settings.write_keys)

    def admit(self, headers: Mapping[bytes, bytes], *, client: str, segment: bool) -> None:
        """Let the caller in, or raise `HttpError` 401.

        Parameters: `headers` by lower-case name; `client`, the caller's address; `segment`, whether the route is one
        of a Segment sender, which write keys open too.
        """
        if self._open:
            return _admit_loopback(client)
        if not _known(_presented(headers), (*self._api, *self._write) if segment else self._api):
            raise _unauthorised(segment=segment)
        return None


def _admit_loopback(client: str) -> None:
    if not is_loopback(client):
        raise HttpError(401, "unauthorized", "no key is configured, so only this machine itself may call")


def _unauthorised(*, segment: bool) -> HttpError:
    ways = "basic authentication with a write key as user name" if segment else "Authorization: Bearer <key>"
    challenge = 'Basic realm="tsugi"' if segment else 'Bearer realm="tsugi"'
    return HttpError(
        401, "unauthorized", f"a valid key is needed: {ways}, or X-API-Key", headers={"WWW-Authenticate": challenge}
    )


def _presented(headers: Mapping[bytes, bytes]) -> bytes:
    scheme, _, credentials = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return credentials.strip()
    if scheme.lower() == b"basic":
        return _user_name(credentials.strip())
    return headers.get(b"x-api-key", b"")


def _user_name(credentials: bytes) -> bytes:
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[0]
    except binascii.Error:
        return b""


def _hashes(keys: Iterable[str]) -> tuple[bytes, ...]:
    return tuple(_hash(key.encode()) for key in keys)


def _hash(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _known(key: bytes, hashes: Iterable[bytes]) -> bool:
    given = _hash(key)
    return any([hmac.compare_digest(given, known) for known in hashes])  # noqa: C419  # every key is compared: constant time
