"""How our application stands within the framework's: made where it is started."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send


class MadeAtStart(Starlette):
    """An application that is made when it is started: a Starlette one, because the framework starts no other.

    The framework imports a service in its supervising process too, which answers nothing: that one is spared everything
    that the application is made of, a second of the time until the worker can begin.
    Parameters: `make` imports and makes it.
    """

    def __init__(self, make: Callable[[], Starlette]) -> None:
        self._make = make
        self._made: Starlette | None = None
        super().__init__(lifespan=_started)

    @asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        """Make it, start it, and end it."""
        self._made = made = self._make()
        async with made.router.lifespan_context(made):
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand everything to it. Raises `RuntimeError` before it is started."""
        if self._made is None:
            raise RuntimeError("the application is asked before it is started")
        await self._made(scope, receive, send)


@asynccontextmanager
async def _started(app: MadeAtStart) -> AsyncIterator[None]:
    async with app.started():
        yield
