"""Who keeps to their rate goes first: a key that floods is answered right after somebody else was, or a little later.

Whoever was just answered does not ask again at once, so that is the moment at which another request is least in the
way of theirs. Where nobody else has asked lately, nobody waits.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

LONGEST = 0.1
"""Seconds that a request of a key that floods is kept waiting behind others, and that others count as asking."""


class Precedence:
    """Turns of the requests of one event loop."""

    def __init__(self) -> None:
        self._n_answering = 0
        self._others_at = float("-inf")
        self._behind: deque[asyncio.Future[None]] = deque()

    @asynccontextmanager
    async def turn(self, *, behind: bool) -> AsyncIterator[None]:
        """Answer one request within the block.

        Parameters: `behind`, whether it waits for the end of another that does not, when nothing is under way; of
        several that wait, one goes on at each, and each after `LONGEST` at the latest.
        """
        loop = asyncio.get_running_loop()
        if behind:
            await self._let_by(loop)
        self._n_answering += 1
        try:
            yield
        finally:
            self._n_answering -= 1
            if not behind:
                self._others_at = loop.time()
                self._call_next()

    async def _let_by(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        until = now + LONGEST
        is_free = not self._n_answering and now - self._others_at >= LONGEST
        while not is_free and loop.time() < until:
            called: asyncio.Future[None] = loop.create_future()
            self._behind.append(called)
            late = loop.call_at(until, _call, called)
            try:
                await called
            finally:
                late.cancel()
            is_free = not self._n_answering

    def _call_next(self) -> None:
        while self._behind and not self._n_answering:
            if _call(self._behind.popleft()):
                return


def _call(waiting: asyncio.Future[None]) -> bool:
    """Let a request go on; whether it still waited."""
    if waiting.done():
        return False
    waiting.set_result(None)
    return True
