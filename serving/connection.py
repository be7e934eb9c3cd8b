"""Connections within bounds: who says nothing is let go, and what cannot be answered soon is refused at once.

BentoML lets uvicorn choose its protocol; `bounded` makes it choose this one. A request beyond what may be under way is
refused before anything is made of it, so that the service goes on answering as many as it can, and soon: how many may
be under way follows how long they wait (`serving.admission`). What is answered is asked of our application itself, not
of the framework around it, and written at once, head and body together.
"""

from asyncio import TimerHandle, Transport
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import ClassVar, Protocol

import uvicorn.config
from starlette.applications import Starlette
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serving.admission import Admission
from serving.cross_origin import ANY_ORIGIN
from serving.request_id import as_header, named_by
from serving.responses import HttpError, render_error

HEAD_SECONDS = 10.0
"""That the head of a request may take to arrive, from the beginning of a connection or of the next request."""
MOST_SILENT = 512
"""Connections that wait for a head; of more, the oldest is closed: whoever asks at once finds a place."""
MOST_STAGES = 6
"""So often the event loop comes around to a decision at most before it is on its way to the disk."""
SPARED = (b"/livez", b"/readyz", b"/metrics")
_SEGMENT = tuple(f"/v1/{each}".encode() for each in ("batch", "identify", "track", "page", "screen", "alias", "group"))


class Rates(Protocol):
    """Knows who may call, and how often."""

    @property
    def is_open(self) -> bool:
        """Whether no key is needed."""
        ...

    def too_often(self, headers: Mapping[bytes, bytes]) -> HttpError | None:
        """The refusal of a request by its headers, by lower-case name; None where it may be read."""
        ...


class JoinedWrites:
    """A connection's transport, by which the head of an answer waits for its body: one system call sends both.

    Parameters: `transport`, asked for everything else.
    """

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:
        """Write, or keep what is only the head of an answer."""
        if not self._head and data.startswith(_HEAD) and data.endswith(_END) and not data.startswith(_CONTINUE):
            self._head = data
            return
        self._transport.write(self._head + data)
        self._head = b""

    def flush(self) -> None:
        """Write what waits: nothing will follow."""
        if self._head:
            self._transport.write(self._head)
            self._head = b""

    def close(self) -> None:
        """Write what waits, and close."""
        self.flush()
        self._transport.close()

    def __getattr__(self, name: str) -> object:
        """Everything else is the transport's."""
        return getattr(self._transport, name)


_HEAD, _END, _CONTINUE = b"HTTP/1.1 ", b"\r\n\r\n", b"HTTP/1.1 100 "


def _written(error: HttpError, request_id: str, *, segment: bool, pages: bool = False) -> bytes:
    answer = render_error(error, segment=segment)
    answer.headers.append(as_header(request_id))
    if segment and pages:
        answer.headers.append(ANY_ORIGIN)
    head = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}".encode()]
    return b"\r\n".join([*head, *(b"%b: %b" % each for each in answer.headers), b"", answer.body])


_OVERLOADED = HttpError(
    503, "overloaded", "there is more to do than can be done soon; try again", headers={"Retry-After": "1"}
)


class BoundedConnection(HttpToolsProtocol):
    """One connection. `n_refused` counts what all of them refused in this process, `n_answering` what is under way.

    `rates` knows whose key calls too often (None: nobody's); `first` answers in place of the server's application
    (None: that one does).
    """

    n_refused: ClassVar[int] = 0
    rates: ClassVar[Rates | None] = None
    first: ClassVar[Starlette | None] = None
    n_answering: ClassVar[int] = 0
    admission: ClassVar[Admission] = Admission()
    _silent: ClassVar[dict["BoundedConnection", None]] = {}
    _late: TimerHandle | None = None
    _is_answering = False
    _is_refused = False

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own
        """Wait for the first head."""
        self._joined = JoinedWrites(transport)
        super().connection_made(self._joined)  # type: ignore[arg-type]  # it stands for one
        if self.first is not None:
            trusted = self.config.forwarded_allow_ips
            self.app = ProxyHeadersMiddleware(self.first, trusted)  # type: ignore[arg-type]  # other names for ASGI
        self._wait_for_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget it."""
        self._heard()
        self._answered()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        """Wait for the head that begins."""
        super().on_message_begin()
        if self._late is None:
            self._wait_for_head()

    def on_headers_complete(self) -> None:
        """Begin to answer, or refuse at once; what is asked before the last answer is out waits its turn."""
        self._heard()
        refusal = self._refusal()
        if refusal is None:
            super().on_headers_complete()
            return
        BoundedConnection.n_refused += refusal is _OVERLOADED
        self._is_refused = True
        segment, pages = self.url.startswith(_SEGMENT), self.rates is not None and not self.rates.is_open
        self.transport.write(_written(refusal, named_by(self.headers), segment=segment, pages=pages))

    def _refusal(self) -> HttpError | None:
        """Why a request is refused at once: its key calls too often, or there is too much under way."""
        is_free = self.cycle is None or self.cycle.response_complete
        if not is_free or self.url.startswith(SPARED):
            return None
        rates = self.rates if self.parser.get_method() == b"POST" else None
        often = rates.too_often(dict(self.headers)) if rates else None
        if often is None and BoundedConnection.n_answering >= self.admission.n_allowed:
            return _OVERLOADED
        return often

    def on_body(self, body: bytes) -> None:
        """Take in a part of a body; of one that was refused, nothing."""
        if not self._is_refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Count what can be answered from now on: nobody fills the places by sending slowly."""
        if self._is_refused:
            self._is_refused = False
            self._wait_for_head()
            return
        super().on_message_complete()
        if not self._is_answering and not self.cycle.response_complete:
            self._is_answering = True
            BoundedConnection.n_answering += 1
            self.loop.call_soon(self._came_around, self.admission.now, MOST_STAGES)

    def _came_around(self, began: float, left: int) -> None:
        self.admission.waited_since(began, goes_on=left > 0)
        if left:
            self.loop.call_soon(self._came_around, self.admission.now, left - 1)

    def on_response_complete(self) -> None:
        """Make room."""
        self._joined.flush()
        self._answered()
        super().on_response_complete()

    def _answered(self) -> None:
        if self._is_answering:
            self._is_answering = False
            BoundedConnection.n_answering -= 1

    def _wait_for_head(self) -> None:
        self._silent[self] = None
        self._late = self.loop.call_later(HEAD_SECONDS, self._let_go)
        if len(self._silent) > MOST_SILENT:
            next(iter(self._silent))._let_go()

    def _heard(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None
            self._silent.pop(self, None)

    def _let_go(self) -> None:
        self._heard()
        self.transport.close()


def bounded(first: Starlette) -> None:
    """Let uvicorn use bounded connections in this process, which ask this application first."""
    BoundedConnection.first = first
    uvicorn.config.HTTP_PROTOCOLS["auto"] = f"{__name__}:{BoundedConnection.__name__}"


@contextmanager
def refusing(rates: Rates) -> Iterator[None]:
    """Within the block, refuse at once whoever calls too often."""
    before, BoundedConnection.rates = BoundedConnection.rates, rates
    try:
        yield
    finally:
        BoundedConnection.rates = before
