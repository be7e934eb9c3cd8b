"""Signs requests with a secret that never travels: what was overheard opens nothing, once it has been used.

The header says `Authorization: TSUGI-HMAC-SHA256 <nonce>:<seconds>:<sha256 of the body>:<signature>`; the signature is
over these, the method and the path.
"""

import hmac
from base64 import b64decode
from binascii import Error
from collections.abc import Callable
from hashlib import sha256
from secrets import token_hex
from time import time
from typing import NamedTuple

SCHEME = "TSUGI-HMAC-SHA256"
PREFIX = "whsec_"
"""What a secret begins with, as in the Standard Webhooks specification; base64 of 24 to 64 random bytes follows."""


class Signed(NamedTuple):
    """What is signed.

    Parameters: `nonce`, used once, 16 to 64 letters and digits; `seconds`, since the epoch; `digest`, the sha256 of the
    body as it is sent, in hexadecimal; `asked`, such as "POST /v1/decisions".
    """

    nonce: str
    seconds: int
    digest: str
    asked: str

    def signature(self, secret: bytes) -> str:
        """The HMAC-SHA256 in hexadecimal.

        >>> Signed("n" * 16, 1772323200, sha256(b"{}").hexdigest(), "POST /v1/decisions").signature(b"k" * 24)[:12]
        'dee30a25b135'
        """
        said = f"{self.nonce}\n{self.seconds}\n{self.digest}\n{self.asked}"
        return hmac.new(secret, said.encode(), sha256).hexdigest()


def secret_in(key: str) -> bytes:
    """The secret of a key that begins with `whsec_`; raises `ValueError` of one that holds none.

    >>> len(secret_in("whsec_" + "A" * 32))
    24
    """
    try:
        secret = b64decode(key.removeprefix(PREFIX), validate=True)
    except Error:
        secret = b""
    if not 24 <= len(secret) <= 64:
        raise ValueError(f"expected {PREFIX} and base64 of 24 to 64 random bytes")
    return secret


def authorization(secret: bytes, asked: str, body: bytes, *, clock: Callable[[], float] = time) -> str:
    """The header of one request, which is good once, for five minutes.

    Parameters: `asked`, method and path; `clock`, seconds since the epoch.
    """
    signed = Signed(token_hex(16), int(clock()), sha256(body).hexdigest(), asked)
    return f"{SCHEME} {signed.nonce}:{signed.seconds}:{signed.digest}:{signed.signature(secret)}"
