"""Who keeps to their rate goes first: whoever floods goes one at a time, when nobody else waits or a little later."""

import asyncio
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.precedence import LONGEST, Precedence

requests = st.lists(st.tuples(st.booleans(), st.integers(0, 6), st.integers(1, 4)), min_size=1, max_size=12)
"""Each: whether its key floods, in which round of the loop it comes, how many rounds it takes."""


async def answered(asked, *, fails=()):
    """Who was under way when each request began, by the order in which they began."""
    precedence, under_way, begun = Precedence(), [], []

    async def one(place, behind, comes, takes):
        await rounds(comes)
        async with precedence.turn(behind=behind):
            begun.append((place, behind, tuple(under_way)))
            under_way.append(place)
            await rounds(takes)
            under_way.remove(place)
            if place in fails:
                raise ValueError(place)

    work = (one(place, *each) for place, each in enumerate(asked))
    return begun, await asyncio.gather(*work, return_exceptions=True)


async def rounds(n):
    for _ in range(n):
        await asyncio.sleep(0)


@given(requests, st.sets(st.integers(0, 11)))
def test_whoever_floods_begins_when_nothing_else_is_under_way_and_everybody_is_answered(asked, fails):
    begun, ended = asyncio.run(answered(asked, fails=fails))
    assert sorted(place for place, _, _ in begun) == list(range(len(asked)))
    assert all(not under_way for _, behind, under_way in begun if behind)
    assert [isinstance(each, ValueError) for each in ended] == [place in fails for place in range(len(asked))]


@given(requests)
def test_whoever_keeps_to_their_rate_never_waits(asked):
    begun, _ = asyncio.run(answered(asked))
    alone, _ = asyncio.run(answered([(False, *rest) for _, *rest in asked]))
    order = [place for place, behind, _ in begun if not behind]
    assert order == [place for place, _, _ in alone if not asked[place][0]]


def test_whoever_floods_waits_no_longer_than_the_longest_and_one_that_gives_up_holds_up_nobody():
    async def scenario():
        precedence = Precedence()

        async def behind():
            async with precedence.turn(behind=True):
                return time.monotonic() - began

        async with precedence.turn(behind=False):
            began = time.monotonic()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(behind(), LONGEST / 4)
            late = await behind()
            waiting = asyncio.create_task(behind())
            await asyncio.sleep(0)
        return late, await waiting

    late, soon = asyncio.run(scenario())
    assert LONGEST <= late < 2.0
    assert soon < late + LONGEST
