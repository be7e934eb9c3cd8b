"""What a service is made of is left out of garbage collection while it serves."""

import asyncio
import gc
from contextlib import asynccontextmanager

from serving.lasting import lasting


class Part:
    """Something that a service is made of."""


def test_what_is_composed_is_not_collected_until_the_end():
    composed = Part()

    @asynccontextmanager
    async def composing():
        yield composed

    async def served():
        async with lasting(composing()) as part:
            return part, gc.get_freeze_count(), any(each is composed for each in gc.get_objects())

    before = gc.get_freeze_count()
    part, frozen, is_looked_at = asyncio.run(served())
    assert part is composed
    assert frozen > before
    assert not is_looked_at
    assert gc.get_freeze_count() == 0
    assert any(each is composed for each in gc.get_objects())
