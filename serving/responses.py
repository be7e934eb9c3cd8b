"""Answers as bytes, and one shape for every error."""

from collections.abc import Mapping, Sequence

import orjson
from starlette.types import Receive, Scope, Send

from decisioning.errors import ConflictError, ErasedError, InvalidInputError, NotFoundError, TsugiError

JSON_TYPE = (b"content-type", b"application/json")


class Answer:
    """A finished answer: status, body and headers, sent as one ASGI application.

    Parameters: `body`, rendered bytes; `status`, the HTTP status; `headers` besides type and length.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, body: bytes, *, status: int = 200, headers: tuple[tuple[bytes, bytes], ...] = ()) -> None:
        self.body = body
        self.status = status
        named = {name for name, _ in headers}
        typed = () if b"content-type" in named else (JSON_TYPE,)
        self.headers = [*typed, (b"content-length", b"%d" % len(body)), *headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002  # the ASGI signature
        """Send the answer; a HEAD request gets its headers only."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else self.body})


class HttpError(TsugiError):
    """An error with a status of its own.

    Parameters: `status`; `headers` that the status asks for, such as `WWW-Authenticate`.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, code=code, field=field)
        self.status = status
        self.headers = tuple((name.lower().encode(), value.encode()) for name, value in (headers or {}).items())


def unavailable(message: str) -> HttpError:
    """Make the error for what may succeed if tried again soon."""
    return HttpError(503, "unavailable", message, headers={"Retry-After": "1"})


_STATUS: tuple[tuple[type[TsugiError], int], ...] = (
    (InvalidInputError, 400),
    (ErasedError, 410),
    (NotFoundError, 404),
    (ConflictError, 409),
)


def status_of(error: TsugiError) -> int:
    """Tell the HTTP status of an error; one that nobody foresaw is 500.

    >>> status_of(NotFoundError("no such placement: attic"))
    404
    """
    if isinstance(error, HttpError):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 500)


def render_error(error: TsugiError, *, segment: bool = False, **more: object) -> Answer:
    """Render an error in the one shape: `{"error": {"code", "message", "field"}}`.

    Parameters: `segment` repeats code and message at the top level, without which RudderStack's client retries for
    ever; `more`, further top-level members.

    >>> render_error(NotFoundError("no such placement: attic", field="placement")).body
    b'{"error":{"code":"not_found","message":"no such placement: attic","field":"placement"}}'
    """
    inner = {"code": error.code, "message": error.message, "field": error.field}
    outer = {"code": error.code, "message": error.message} if segment else {}
    headers = error.headers if isinstance(error, HttpError) else ()
    return Answer(orjson.dumps({"error": inner, **outer, **more}), status=status_of(error), headers=headers)


def shown_in(answer: bytes) -> tuple[str, ...]:
    """The actions that a rendered decision shows."""
    return tuple(item["action"] for item in orjson.loads(answer)["ranked"])


def joined(answers: Sequence[bytes]) -> bytes:
    """Several rendered decisions as one: the first, with the others as `further`; of a single one, itself.

    >>> joined([b'{"rank":1}', b'{"rank":2}'])
    b'{"rank":1,"further":[{"rank":2}]}'
    """
    first, *others = answers
    return first[:-1] + b',"further":[' + b",".join(others) + b"]}" if others else first
