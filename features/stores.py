"""Which stores a workspace works on: embedded below the home, or, by configuration alone, a server."""

import os
from typing import Literal

from pydantic import Field

from features.home import Home
from features.online_store import PackedRows
from features.row_store import RowStore
from features.section import Section

REDIS_URL = "TSUGI_REDIS_URL"
"""The variable that says which Redis, with user and password where it needs them; it beats `tsugi.toml`."""


class Stores(Section):
    """`[stores]`: where the online features are kept.

    Parameters: `online`; `redis`, which Redis; a password belongs into the variable `TSUGI_REDIS_URL`, not here.
    `prefix`, what the keys of this tenant begin with (default: the workspace's name).
    """

    online: Literal["embedded", "redis"] = "embedded"
    redis: str = Field(default="redis://localhost:6379/0", pattern=r"^(rediss?|unix)://[^@]*$")
    prefix: str = Field(default="", pattern=r"^[A-Za-z0-9:_-]*$")

    def named(self, name: str) -> "Stores":
        """The same with a prefix for a tenant of this name, where none was given."""
        return self if self.prefix else self.model_copy(update={"prefix": f"tsugi:{name}"})


def redis_url(configured: str) -> str:
    """The Redis that is meant: the variable, else what was configured."""
    return os.environ.get(REDIS_URL) or configured


def open_rows(home: Home, stores: Stores, *, read_seconds: float | None = None) -> RowStore:
    """The online rows of a home. Raises: `UnavailableError` where the store cannot be used.

    Parameters: `read_seconds`, how long a reader waits for a store that is a server, which then need not answer yet.
    """
    if stores.online == "embedded":
        return PackedRows(home.online)
    from features.redis_rows import RedisRows

    return RedisRows(redis_url(stores.redis), prefix=stores.prefix, read_seconds=read_seconds)
