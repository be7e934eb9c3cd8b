"""How long tests wait for what must come: until it comes, or so long that it hangs, however busy the machine is."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LONGEST = 600
"""Seconds after which whatever is waited for counts as hanging: more than a busy machine takes for anything."""


def until(found: Callable[[], T], *, within: float = LONGEST, going_on: Callable[[], bool] = lambda: True) -> T:
    """What is found, as soon as it is true; fails where it is not. Parameters: `going_on`, whether it may come."""
    deadline = time.monotonic() + within
    while not (what := found()):
        assert going_on(), "what it would come from has ended"
        assert time.monotonic() < deadline, f"it did not come to that within {within} s"
        time.sleep(0.02)
    return what
