"""The ASGI application: the routes of the contract, one endpoint each, and our own words for every miss."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as StarletteRoute

from decisioning.errors import TsugiError
from serving.desk import Desk
from serving.endpoint import Endpoint, caller
from serving.responses import HttpError, render_error
from serving.routes import ROUTES

Composition = Callable[[], AbstractAsyncContextManager[Desk]]


def create_app(compose: Composition) -> Starlette:
    """Make the application.

    Parameters: `compose` opens everything that the service is made of, and closes it at the end.
    """

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with compose() as desk:
            app.state.desk = desk
            yield

    routes = [StarletteRoute(each.path, Endpoint(each), methods=[each.method]) for each in ROUTES]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: _missed, 405: _missed})
    app.router.redirect_slashes = False
    return app


async def _missed(request: Request, error: Exception) -> Response:
    """Answer what no route takes; only key holders learn which routes there are."""
    desk: Desk = request.app.state.desk
    miss = _miss(error, request.method)
    try:
        asked = f"{request.method} {request.scope['path']}"
        desk.keys.admit(dict(request.scope["headers"]), client=caller(request.scope), right=None, asked=asked)
    except TsugiError as refusal:
        miss = refusal
    answer = render_error(miss, segment=True)
    desk.metrics.answered("unmatched", answer.status, 0.0)
    return Response(answer.body, answer.status, headers=answer.named_headers)


def _miss(error: Exception, method: str) -> TsugiError:
    if isinstance(error, HTTPException) and error.status_code == 405:
        return HttpError(405, "method_not_allowed", f"{method[:16]} is not allowed here", headers=error.headers)
    return HttpError(404, "no_such_route", "no such route; GET /docs.json lists them all")
