"""Lots: where a customer lies among all, by a hash that never changes."""

from hashlib import blake2b


def position(customer_id: str, salt: str) -> float:
    """Where a customer lies in [0, 1), uniformly over customers and independent between salts."""
    digest = blake2b(f"{salt}:{customer_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) / 2**64
