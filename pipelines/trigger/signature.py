"""Signs what is sent, as the Standard Webhooks specification has it, so that its libraries verify it.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import hmac
from base64 import b64encode
from datetime import datetime
from hashlib import sha256


def signed_headers(delivery_id: str, body: bytes, *, key: bytes, now: datetime) -> dict[str, str]:
    """The headers that say which message it is, when it was sent, and that it is ours.

    >>> from datetime import UTC
    >>> sent = datetime(2026, 3, 1, tzinfo=UTC)
    >>> signed_headers("msg_1", b"{}", key=b"k" * 24, now=sent)["webhook-timestamp"]
    '1772323200'
    """
    seconds = str(int(now.timestamp()))
    digest = hmac.new(key, b".".join((delivery_id.encode(), seconds.encode(), body)), sha256).digest()
    signature = f"v1,{b64encode(digest).decode()}"
    return {"webhook-id": delivery_id, "webhook-timestamp": seconds, "webhook-signature": signature}
