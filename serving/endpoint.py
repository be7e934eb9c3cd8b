"""The service's edge: one endpoint per route lets in, reads, hands over, and turns every error into an answer."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import TypeVar

from starlette.types import Receive, Scope, Send

from decisioning.errors import TsugiError, UnavailableError
from serving.auth import Admitted
from serving.body import Wanted, read_json
from serving.cross_origin import ANY_ORIGIN
from serving.desk import Desk
from serving.request_id import as_header, id_of, is_named, take_up
from serving.responses import Answer, HttpError, render_error, unavailable
from serving.route import Call, Route

DEADLINE = 7.0
"""Seconds that a body may take to arrive, and then an answer to be found."""
Result = TypeVar("Result")

logger = logging.getLogger(__name__)


class Endpoint:
    """Serves one route as an ASGI application. Parameters: `route`."""

    def __init__(self, route: Route) -> None:
        self._route = route

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, count it, and never let an exception through.

        What is no success, or was logged, says which request it answers.
        """
        started = perf_counter()
        take_up(scope)
        desk: Desk = scope["app"].state.desk
        answer = await self._answer(desk, scope, receive)
        desk.metrics.answered(self._route.path, answer.status, perf_counter() - started)
        if answer.status >= 400 or is_named(scope):
            answer.headers.append(as_header(id_of(scope)))
        if self._route.access == "segment" and not desk.keys.is_open:
            answer.headers.append(ANY_ORIGIN)
        await answer(scope, receive, send)

    async def _answer(self, desk: Desk, scope: Scope, receive: Receive) -> Answer:
        segment = self._route.access == "segment"
        try:
            return await self._handle(desk, scope, receive)
        except UnavailableError as error:
            return render_error(_unavailable(error), segment=segment)
        except TsugiError as error:
            return render_error(error, segment=segment)
        except Exception as error:  # noqa: BLE001  # the edge: whatever nobody foresaw is a 500 without details
            return render_error(unforeseen(error), segment=segment)

    async def _handle(self, desk: Desk, scope: Scope, receive: Receive) -> Answer:
        route = self._route
        headers, admitted = dict(scope["headers"]), Admitted()
        if route.access != "public":
            segment, asked = route.access == "segment", f"{scope['method']} {scope['path']}"
            admitted = desk.keys.admit(headers, client=caller(scope), right=route.right, segment=segment, asked=asked)
        wanted = Wanted(route.limit, route.in_place, admitted.digest)
        reading = read_json(headers, receive, wanted) if route.takes else None
        body = await _in_time(reading, _slow_sender) if reading else None
        call = Call(body, desk.clock(), scope["path_params"])
        async with desk.precedence.turn(behind=admitted.floods):
            return await _in_time(route.handler(desk, call), _slow_store)


async def _in_time(work: Awaitable[Result], late: Callable[[], HttpError]) -> Result:
    """Await some work, or raise what it means that it is late; what a thread began is not undone."""
    try:
        async with asyncio.timeout(DEADLINE):
            return await work
    except TimeoutError:
        raise late() from None


def _slow_sender() -> HttpError:
    headers = {"Connection": "close"}
    return HttpError(408, "request_timeout", f"the body did not arrive within {DEADLINE} s", headers=headers)


def _slow_store() -> HttpError:
    return unavailable(f"there was no answer within {DEADLINE} s; try again, with the same ids")


def _unavailable(error: UnavailableError) -> HttpError:
    """Log which store failed; callers learn only that one did."""
    logger.error("unavailable: %s", error.message)
    return unavailable("a store cannot be reached right now; try again")


def caller(scope: Scope) -> str:
    """Give the address that the connection comes from."""
    client = scope.get("client")
    return client[0] if client else ""


def unforeseen(error: Exception) -> HttpError:
    """Log where an unforeseen error arose, without its message (which may hold a value), and give the 500 for it."""
    places = [
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)
    ]
    logger.error("unforeseen %s at %s", type(error).__name__, " < ".join(reversed(places[-5:])))
    return HttpError(500, "internal_error", "something went wrong here; the service's log names the place")
