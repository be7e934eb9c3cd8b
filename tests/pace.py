"""What work costs in CPU, told for the machine on which the figures were wanted: a slower one is given its time."""

import time
from collections.abc import Callable

ROUNDS = 7
PIECE_MS = 7.0
"""What a piece of work took there, in CPU milliseconds."""


def cpu_ms(work: Callable[[], object], *, times: int) -> float:
    """Of one call, by the best of several rounds, each divided by how much slower than there a piece of work was."""
    return min(_ms(work, times) / max(1.0, _ms(_piece, 1) / PIECE_MS) for _ in range(ROUNDS))


def _ms(work: Callable[[], object], times: int) -> float:
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times * 1000


def _piece() -> int:
    found = 0
    for number in range(100_000):
        found += number * number % 7
    return found
