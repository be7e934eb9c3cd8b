"""What is done in stages: it pauses after each, so that others may come as far before it goes on.

From beginning to end a decision does more than a processor keeps at hand of code and of where that goes next. Of
several that are made at once, stage by stage, all but the first find of each stage what the one before has just used
(Larus and Parkes, "Using Cohort Scheduling to Enhance Server Performance", USENIX ATC 2002).
"""

from collections.abc import Generator
from typing import TypeVar

Result = TypeVar("Result")
Stages = Generator[None, None, Result]
"""Gives nothing at the end of each stage, and returns the result."""


def ended(stages: Stages[Result]) -> Result:
    """The result of all stages, one after the other.

    >>> def doubled(number):
    ...     yield
    ...     return 2 * number
    >>> ended(doubled(4))
    8
    """
    while True:
        try:
            next(stages)
        except StopIteration as end:
            result: Result = end.value
            return result
