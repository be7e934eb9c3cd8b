"""What a route is: method, path, the shape it takes, the handler; the table of them is `serving.routes`."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from serving.api_key import Right
from serving.body import JSON_LIMIT
from serving.desk import Desk
from serving.responses import Answer

Method = Literal["GET", "POST"]
Access = Literal["public", "key", "segment"]
"""Who may call: anybody; holders of a key; the same, in the ways of a Segment sender."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was let in.

    Parameters: `body`, parsed (None for GET); `received_at`, the server's time; `path`, what stands for its braces.
    """

    body: object
    received_at: datetime
    path: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Desk, Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Route:
    """One route of the contract.

    Parameters: `takes` and `gives`, models of request and answer for the documentation (`gives` None: not JSON);
    `errors`, the statuses that its own rules add; `reports`, error statuses at which it gives what it `gives`;
    `limit`, bytes of a body; `in_place`, its elements are refused one by one, whatever is wrong with their values;
    `status`, of its answer; `right` that a key needs (None: any key opens it).
    """

    method: Method
    path: str
    summary: str
    handler: Handler
    takes: type[BaseModel] | None = None
    gives: type[BaseModel] | None = None
    errors: tuple[int, ...] = ()
    reports: tuple[int, ...] = ()
    access: Access = "key"
    right: Right | None = None
    limit: int = JSON_LIMIT
    in_place: bool = False
    status: int = 200
