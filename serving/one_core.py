"""Keeps the two threads that take turns in every decision on one core.

Of Python's threads one runs at a time. The one that decides and the one that writes the ledger hand its lock to each
other some twenty times a decision where several are under way; on two cores each of them wakes the other core, which
then waits for what lies in the first one's caches. On one core that costs little, and nothing is lost: they hardly ever
ran together. The writer does not interrupt the other one there when it is woken, as it could do nothing without
Python's lock. Every other thread runs where it likes, one that either of them starts from the next look on.
"""

import asyncio
import logging
import os
import threading
import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from features.ledger import Ledger

LOOK_SECONDS = 10.0
"""Between two looks at how busy the cores are."""
FIRST_SECONDS = 0.5
"""Before the first choice: how busy they are without decisions."""
MARGIN = 0.3
"""Share of a core that must be gained by another one: who moves leaves caches behind."""
MANY = 2
"""Cores, from which on there is a choice."""
_STAT, _THREADS = Path("/proc/stat"), Path("/proc/self/task")
_TICK = os.sysconf("SC_CLK_TCK")
_WORK = (0, 2, 5, 6, 7)
"""Of a core's counters: user, system, interrupts, stolen. What is nice gives way."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class CoreChoice:
    """Which core to keep to. Parameters: `core`, the one that was chosen last; None: none yet.

    >>> choice = CoreChoice()
    >>> choice.best({0: 0.9, 1: 0.2}, own=0.1)
    1
    >>> choice.best({0: 0.1, 1: 0.9}, own=0.8)
    1
    >>> choice.best({0: 0.1, 1: 1.0}, own=0.4)
    0
    """

    core: int | None = None

    def best(self, busy: Mapping[int, float], *, own: float) -> int:
        """The one on which others do least; the last one, unless another is better by `MARGIN`.

        Parameters: `busy`, the share of the time since the last choice that each core worked; `own`, what this process
        did of it, taken to be done on the core that was chosen then.
        """
        others = {core: share - own * (core == self.core) for core, share in busy.items()}
        best = min(others, key=lambda core: (others[core], core))
        if self.core not in others or others[self.core] > others[best] + MARGIN:
            self.core = best
        return self.core


def seconds_at_work(stat: str) -> dict[int, float]:
    """How long each core has worked since the machine started, by `/proc/stat`."""
    rows = (line.split() for line in stat.splitlines() if line.startswith("cpu") and line[3:4].isdigit())
    return {int(name[3:]): sum(float(ticks[place]) for place in _WORK) / _TICK for name, *ticks in rows}


async def keep_to_one_core(ledger: Ledger) -> None:
    """Keep the calling thread and the ledger's writer on one core for as long as this runs; then let them go.

    Nothing is done where there is one core, or where the system has no such thing; where it forbids it, that is said.
    """
    allowed = os.sched_getaffinity(0) if _THREADS.exists() else set()
    if len(allowed) < MANY:
        return
    try:
        await _keep(ledger, allowed)
    except OSError as error:
        logger.warning("threads cannot be kept on one core: %s", error)


async def _keep(ledger: Ledger, allowed: Collection[int]) -> None:
    choice, wait, before = CoreChoice(), FIRST_SECONDS, _Moment.now()
    try:
        while True:
            await asyncio.sleep(wait)
            now = _Moment.now()
            core = choice.best(now.busy_since(before, allowed), own=now.own_since(before))
            threads = _threads()
            writer = threads & {ledger.writing_thread}
            together = {threading.get_native_id(), *writer}
            _let_run(threads - together, allowed)
            _let_run(together, {core})
            _schedule(writer, os.SCHED_BATCH, instead_of=os.SCHED_OTHER)
            before, wait = now, LOOK_SECONDS
    finally:
        _let_run(_threads(), allowed)
        _schedule(_threads() & {ledger.writing_thread}, os.SCHED_OTHER, instead_of=os.SCHED_BATCH)


class _Moment(NamedTuple):
    """What was done until now. Parameters: `seconds`, of the clock; `worked`, by every core; `own`, by this process."""

    seconds: float
    worked: Mapping[int, float]
    own: float

    @classmethod
    def now(cls) -> Self:
        return cls(time.monotonic(), seconds_at_work(_STAT.read_text()), time.process_time())

    def busy_since(self, before: "_Moment", cores: Collection[int]) -> dict[int, float]:
        """Of cores that are not told of, as some containers do not, nothing is known to be busy."""
        passed = self.seconds - before.seconds
        return {core: (self.worked.get(core, 0.0) - before.worked.get(core, 0.0)) / passed for core in cores}

    def own_since(self, before: "_Moment") -> float:
        return (self.own - before.own) / (self.seconds - before.seconds)


def _threads() -> set[int]:
    return {int(each.name) for each in _THREADS.iterdir()}


def _let_run(threads: Collection[int], cores: Collection[int]) -> None:
    """Let threads run on these cores; one that has ended meanwhile is no loss."""
    for thread in threads:
        with suppress(ProcessLookupError):
            os.sched_setaffinity(thread, cores)


def _schedule(threads: Collection[int], policy: int, *, instead_of: int) -> None:
    """Let threads interrupt others when they are woken, or not, as above; a policy that somebody else chose stays."""
    for thread in threads:
        with suppress(ProcessLookupError):
            if os.sched_getscheduler(thread) == instead_of:
                os.sched_setscheduler(thread, policy, os.sched_param(0))
