"""What a running service looks at again and again: new versions, the fast layer, and files after erasures."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from decisioning.errors import TsugiError, UnavailableError
from serving.desk import Desk
from serving.endpoint import unforeseen
from serving.kept import Kept

LOOK_AGAIN = 0.5
"""Seconds between two looks."""

logger = logging.getLogger(__name__)


async def watch(desk: Desk, kept: Kept[Any]) -> None:
    """Take over new versions as they appear, for as long as the service runs; none waits for another's trial."""
    while True:
        await asyncio.sleep(LOOK_AGAIN)
        if kept.changed():
            await _refresh(desk, kept.refresh)


async def prime(desk: Desk) -> None:
    """Prime the fast layer whenever that is due, for as long as the service runs."""
    while True:
        await asyncio.sleep(LOOK_AGAIN)
        if desk.fast.is_due:
            await _refresh(desk, desk.fast.prime)


async def tidy(desk: Desk) -> None:
    """Sweep every file after erasures, for as long as the service runs; one that was interrupted is done again."""
    sweeper = desk.privacy.sweeper
    while True:
        await asyncio.sleep(LOOK_AGAIN)
        if await _has_pending(desk):
            await _refresh(desk, lambda: sweeper.sweep(now=desk.clock()))


async def _has_pending(desk: Desk) -> bool:
    try:
        return bool(await desk.aside(desk.privacy.sweeper.pending))
    except UnavailableError:
        return False


async def _refresh(desk: Desk, refresh: Callable[[], object]) -> None:
    try:
        await desk.aside(refresh)
    except TsugiError as error:
        logger.error("what is looked at again and again failed, and is tried again: %s", error.message)
    except Exception as error:  # noqa: BLE001  # the watch must outlive whatever nobody foresaw; it is logged
        unforeseen(error)
