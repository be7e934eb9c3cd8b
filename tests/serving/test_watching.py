"""What a running service does again and again, where it fails."""

import asyncio
import logging
from types import SimpleNamespace

import pytest

from decisioning.errors import UnavailableError
from serving import watching
from serving.watching import tidy


class Sweeps:
    """Files that wait for a sweep, which fails so often. Parameters: `failures`, raised one after the other."""

    def __init__(self, *failures):
        self.failures = list(failures)
        self.is_swept = asyncio.Event()

    def pending(self):
        return not self.is_swept.is_set()

    def sweep(self, *, now):
        if self.failures:
            raise self.failures.pop(0)
        self.is_swept.set()


async def at_once(function):
    return function()


def swept(sweeps):
    async def run():
        desk = SimpleNamespace(privacy=SimpleNamespace(sweeper=sweeps), aside=at_once, clock=lambda: None)
        going_on = asyncio.create_task(tidy(desk))
        await sweeps.is_swept.wait()
        going_on.cancel()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (UnavailableError("the online store is locked"), "tried again: the online store is locked"),
        (ZeroDivisionError("ana@example.org"), "unforeseen ZeroDivisionError at test_watching.py"),
    ],
)
def test_a_sweep_that_fails_is_told_and_done_again(failure, told, monkeypatch, caplog):
    monkeypatch.setattr(watching, "LOOK_AGAIN", 0.001)
    with caplog.at_level(logging.ERROR):
        swept(Sweeps(failure))
    assert told in caplog.text
    assert "ana@example.org" not in caplog.text
