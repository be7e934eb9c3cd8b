"""`[webhooks.<channel>]`: which system is told what was decided for its channel without being asked."""

import base64
import binascii
import os
from typing import Self
from urllib.parse import SplitResult, urlsplit

from pydantic import Field, model_validator

from decisioning.errors import InvalidInputError
from features.section import Section

SECRET = "TSUGI_WEBHOOK_SECRET_"  # noqa: S105 (the name of a variable, no secret)
"""What the variable with a channel's secret is called, before the channel in capitals."""
_HERE = ("localhost", "127.0.0.1", "::1")
_PREFIX = "whsec_"


class Webhook(Section):
    """Where one channel's decisions are sent to; the secret they are signed with is in a variable, never in a file.

    Parameters: `url`, https, or http on this machine: personal data goes over it; `timeout_seconds` of one attempt.
    """

    url: str = Field(min_length=1, max_length=2000)
    timeout_seconds: float = Field(default=10.0, gt=0, le=60)

    @model_validator(mode="after")
    def _safe(self) -> Self:
        parts = urlsplit(self.url)
        if parts.username or parts.password:
            raise ValueError("no user and no password belong into a url; messages are signed instead")
        if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)):
            raise ValueError("expected https://..., or http://localhost...")
        if not _has_a_port(parts):
            raise ValueError("expected a port between 0 and 65535 behind the host, or none")
        return self


def _has_a_port(parts: SplitResult) -> bool:
    """Whether what stands for the port is one, or nothing does."""
    try:
        parts.port  # noqa: B018 (it is read from the text when it is asked for)
    except ValueError:
        return False
    return True


def secret_of(channel: str) -> bytes:
    """The key that messages of a channel are signed with.

    Raises `InvalidInputError`, naming the variable, where it does not hold `whsec_` and base64 of 24 to 64 bytes.
    """
    variable = SECRET + "".join(letter if letter.isalnum() else "_" for letter in channel.upper())
    try:
        key = base64.b64decode(os.environ.get(variable, "").removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        key = b""
    if not 24 <= len(key) <= 64:
        expected = f"{_PREFIX} and base64 of 24 to 64 random bytes"
        raise InvalidInputError(f"the variable {variable} does not hold a secret; expected {expected}")
    return key
