"""Who keeps to their rate goes first: a key that floods is answered when nobody else waits, or a little later."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LONGEST = 0.1
"""Seconds that a request of a key that floods is kept waiting behind others."""


class Precedence:
    """Turns of the requests of one event loop."""

    def __init__(self) -> None:
        self._n_answering = 0
        self._behind: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self, *, behind: bool) -> AsyncIterator[None]:
        """Answer one request within the block.

        Parameters: `behind`, whether it waits until nothing else is under way; of several that do, one at a time goes
        on, and each after `LONGEST` at the latest.
        """
        if behind:
            await self._let_by()
        self._n_answering += 1
        try:
            yield
        finally:
            self._n_answering -= 1
            if not self._n_answering:
                self._call_next()

    async def _let_by(self) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + LONGEST
        while self._n_answering and loop.time() < until:
            called: asyncio.Future[None] = loop.create_future()
            self._behind.append(called)
            late = loop.call_at(until, _call, called)
            try:
                await called
            finally:
                late.cancel()

    def _call_next(self) -> None:
        while self._behind:
            if _call(self._behind.popleft()):
                return


def _call(waiting: asyncio.Future[None]) -> bool:
    """Let a request go on; whether it still waited."""
    if waiting.done():
        return False
    waiting.set_result(None)
    return True
