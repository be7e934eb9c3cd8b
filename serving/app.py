"""The ASGI application: the routes of the contract, one endpoint each, and our own words for every miss."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute
from starlette.types import Receive, Scope, Send

from decisioning.errors import TsugiError
from serving.cross_origin import allowed, is_preflight
from serving.desk import Desk
from serving.endpoint import Endpoint, caller
from serving.request_id import as_header, id_of
from serving.responses import Answer, HttpError, render_error
from serving.route import Method, Route
from serving.routes import ROUTES

_FOR_PAGES = frozenset(route.path for route in ROUTES if route.access == "segment")
Composition = Callable[[], AbstractAsyncContextManager[Desk]]


class Application(Starlette):
    """Answers what is asked of a route by its very path without asking everything on the way to it.

    An endpoint lets no exception through, so nothing around it has to look for one. Parameters: `routes`; `options`, of
    Starlette, which answers everything else.
    """

    def __init__(self, routes: Sequence[Route], **options: Any) -> None:
        endpoints = {(each.method, each.path): Endpoint(each) for each in routes}
        super().__init__(routes=[_as_starlettes(path, method, endpoints) for method, path in endpoints], **options)
        self.router.redirect_slashes = False
        self._endpoints = endpoints

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        endpoint = self._endpoints.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"], scope["path_params"] = self, {}
        await endpoint(scope, receive, send)


def _as_starlettes(path: str, method: Method, endpoints: Mapping[tuple[Method, str], Endpoint]) -> StarletteRoute:
    return StarletteRoute(path, endpoints[method, path], methods=[method])


def create_app(compose: Composition) -> Starlette:
    """Make the application.

    Parameters: `compose` opens everything that the service is made of, and closes it at the end.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with compose() as desk:
            app.state.desk = desk
            yield

    return Application(ROUTES, lifespan=lifespan, exception_handlers={404: _missed, 405: _missed})


async def _missed(request: Request, error: Exception) -> Response:
    """Answer what no route takes; only key holders learn which routes there are, and browsers where pages may send."""
    desk: Desk = request.app.state.desk
    if _is_page_asking(desk, request.scope):
        return _as_starlettes_answer(allowed())
    miss = _miss(error, request.method)
    try:
        asked = f"{request.method} {request.scope['path']}"
        desk.keys.admit(dict(request.scope["headers"]), client=caller(request.scope), right=None, asked=asked)
    except TsugiError as refusal:
        miss = refusal
    answer = render_error(miss, segment=True)
    answer.headers.append(as_header(id_of(request.scope)))
    desk.metrics.answered("unmatched", answer.status, 0.0)
    return _as_starlettes_answer(answer)


def _is_page_asking(desk: Desk, scope: Scope) -> bool:
    """Whether a browser asks if a page may send events, and pages may."""
    is_asked = not desk.keys.is_open and scope["path"] in _FOR_PAGES
    return is_asked and is_preflight(scope["method"], dict(scope["headers"]))


def _as_starlettes_answer(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    response.raw_headers = answer.headers
    return response


def _miss(error: Exception, method: str) -> TsugiError:
    if isinstance(error, HTTPException) and error.status_code == 405:
        allowed = sorted((error.headers or {}).get("Allow", "").split(", "))
        message = f"{method[:16]} is not allowed here; allowed: {', '.join(allowed)}"
        return HttpError(405, "method_not_allowed", message, headers=error.headers)
    return HttpError(404, "no_such_route", "no such route; GET /docs.json lists them all")
