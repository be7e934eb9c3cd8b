"""Who may call: keys with rights and rates, loopback where no key is configured."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil
from time import monotonic
from typing import NamedTuple

from serving.api_key import ApiKey, Right
from serving.client.signing import SCHEME, secret_in
from serving.rate_limit import Bucket
from serving.responses import HttpError
from serving.settings import Settings, is_loopback
from serving.signature import FORM, Nonces, found, presented, refused

_SIGNED = SCHEME.encode().lower()


@dataclass(frozen=True, slots=True)
class _Known:
    """A key that opens something; only its hash is kept, or the secret that it signs with."""

    digest: bytes
    rights: frozenset[Right]
    bucket: Bucket | None

    @classmethod
    def of(cls, key: ApiKey) -> "_Known":
        kept = secret_in(key.text) if key.signs else _hash(key.text.encode())
        return cls(kept, key.rights, Bucket(key.per_second) if key.per_second else None)


class Admitted(NamedTuple):
    """A caller that was let in.

    Parameters: `digest`, the sha256 that the body must have (None: it was not signed); `floods`, whether the key was
    refused a moment ago because it calls too often.
    """

    digest: str | None = None
    floods: bool = False


class KeyRing:
    """The keys that open the service.

    Parameters: `settings` with the keys; `clock`, seconds that never go back; `nonces`, of signed requests (None: no
    signature is taken).

    >>> from pathlib import Path
    >>> ring = KeyRing(Settings(Path("."), Path("."), keys=(ApiKey("k1"),)))
    >>> ring.admit({b"authorization": b"Bearer k1"}, client="192.0.2.1", right="decide")
    Admitted(digest=None, floods=False)
    """

    def __init__(
        self, settings: Settings, *, clock: Callable[[], float] = monotonic, nonces: Nonces | None = None
    ) -> None:
        self._open = settings.open
        self._known = tuple(_Known.of(key) for key in settings.keys if not key.signs)
        self._signing = tuple(_Known.of(key) for key in settings.keys if key.signs)
        self._has_rates = any(key.bucket for key in self._known)
        self._clock, self._nonces = clock, nonces

    @property
    def is_open(self) -> bool:
        """Whether no key is configured: this machine itself may call."""
        return self._open

    def admit(
        self,
        headers: Mapping[bytes, bytes],
        *,
        client: str,
        right: Right | None,
        segment: bool = False,
        asked: str = "",
    ) -> Admitted:
        """Let the caller in, or raise `HttpError`: 401 without a key, 403 without the right, 429 too often.

        Parameters: `headers` by lower-case name; `client`, the caller's address; `right` that the route needs (None:
        any key will do); `segment`, whether a Segment sender asks; `asked`, method and path.
        """
        if self._open:
            _admit_loopback(client)
            return Admitted()
        scheme, _, credentials = headers.get(b"authorization", b"").partition(b" ")
        signs = scheme.lower() == _SIGNED
        key, digest = self._signed(credentials, asked) if signs else (self._found(_presented(headers)), None)
        if key is None:
            raise _unauthorised(segment=segment)
        if right is not None and right not in key.rights:
            raise HttpError(403, "forbidden", f"this key may {', '.join(sorted(key.rights))}; {right} is needed")
        now = self._clock()
        if key.bucket and (wait := key.bucket.take(now)):
            raise _too_often(key.bucket, wait)
        return Admitted(digest, floods=key.bucket is not None and key.bucket.is_flooded(now))

    def too_often(self, headers: Mapping[bytes, bytes]) -> HttpError | None:
        """The refusal of a key that calls too often now, known before anything is made of the request.

        None where the key may call, where there is none, and where a signature would have to be checked first.
        """
        key = self._found(_presented(headers)) if self._has_rates else None
        if key is None or key.bucket is None:
            return None
        wait = key.bucket.wait(self._clock())
        return _too_often(key.bucket, wait) if wait else None

    def _signed(self, credentials: bytes, asked: str) -> tuple[_Known, str]:
        """Whose signature it is, and of which body; every secret is tried, then the nonce is used up."""
        given = presented(credentials, asked)
        if given is None:
            raise refused(f"the signature cannot be read; it is {FORM}")
        place = found(given, [key.digest for key in self._signing])
        if place is None or self._nonces is None:
            raise refused("the signature is none of a secret known here")
        self._nonces.use(given.signed)
        return self._signing[place], given.signed.digest

    def _found(self, presented: bytes) -> _Known | None:
        """The key presented; every key is compared, so that the time tells nothing."""
        given = _hash(presented)
        found = [key for key in self._known if hmac.compare_digest(given, key.digest)]
        return found[0] if found else None


def _too_often(bucket: Bucket, wait: float) -> HttpError:
    message = f"this key may make {bucket.per_second:g} requests a second"
    return HttpError(429, "too_many_requests", message, headers={"Retry-After": str(ceil(wait))})


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


def _hash(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()
