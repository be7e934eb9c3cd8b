"""Who keeps to their rate goes first: whoever floods goes one at a time, after somebody else or a little later."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.precedence import LONGEST, Precedence


class Hasty(asyncio.SelectorEventLoop):
    """An event loop whose clock does not run, but jumps to what is due next."""

    now = 0.0

    def time(self):
        return self.now

    def _run_once(self):
        if not self._ready and self._scheduled:
            self.now = max(self.now, self._scheduled[0].when())
        super()._run_once()


def run(scenario):
    with asyncio.Runner(loop_factory=Hasty) as runner:
        return runner.run(scenario)


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
def test_whoever_floods_begins_when_nobody_else_is_under_way_and_everybody_is_answered(asked, fails):
    begun, ended = run(answered(asked, fails=fails))
    assert sorted(place for place, _, _ in begun) == list(range(len(asked)))
    assert not [place for _, behind, under_way in begun for place in under_way if behind and not asked[place][0]]
    assert [isinstance(each, ValueError) for each in ended] == [place in fails for place in range(len(asked))]


@given(requests)
def test_whoever_keeps_to_their_rate_never_waits(asked):
    begun, _ = run(answered(asked))
    alone, _ = run(answered([(False, *rest) for _, *rest in asked]))
    order = [place for place, behind, _ in begun if not behind]
    assert order == [place for place, _, _ in alone if not asked[place][0]]


def test_whoever_floods_waits_no_longer_than_the_longest_and_one_that_gives_up_holds_up_nobody():
    async def scenario():
        precedence, clock = Precedence(), asyncio.get_running_loop().time

        async def behind():
            began = clock()
            async with precedence.turn(behind=True):
                return clock() - began

        alone = await behind()
        async with precedence.turn(behind=False):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(behind(), LONGEST / 4)
            late = await behind()
            waiting = asyncio.create_task(behind())
            await asyncio.sleep(LONGEST / 4)
        soon, lately = await waiting, await behind()
        await asyncio.sleep(LONGEST)
        return alone, late, soon, lately, await behind()

    assert run(scenario()) == pytest.approx((0.0, LONGEST, LONGEST / 4, LONGEST, 0.0))


def test_of_several_that_flood_one_goes_on_after_each_answer_to_another():
    async def scenario():
        precedence, begun = Precedence(), []

        async def behind(name):
            async with precedence.turn(behind=True):
                begun.append(name)

        async with precedence.turn(behind=False):
            flood = [asyncio.create_task(behind(name)) for name in "abc"]
            await rounds(3)
        for _ in range(2):
            await asyncio.sleep(LONGEST / 10)
            begun.append("-")
            async with precedence.turn(behind=False):
                await rounds(1)
        await asyncio.gather(*flood)
        return "".join(begun)

    assert run(scenario()) == "a-b-c"
