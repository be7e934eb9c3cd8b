"""Ends a challenger that fails, is slow, or earns less than the champion, while the service runs."""

import asyncio
import logging
from dataclasses import dataclass, field

from decisioning.errors import TsugiError
from features.home import Home
from features.rollout_pointer import RolloutPointer, end_rollout
from features.rollout_value import RolloutTally
from serving.challenger import Challenger
from serving.desk import Desk
from serving.endpoint import unforeseen

LOOK_SECONDS = 5.0
"""Between two looks; what is found ends the challenger within the next."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Guard:
    """Watches the challenger of one home. Parameters: `home`; `tally`, of the canary that was last looked at."""

    home: Home
    tally: RolloutTally | None = field(default=None)

    def look(self, desk: Desk, challenger: Challenger) -> str:
        """Look once, and end the challenger where there is a reason; the reason, empty where it goes on."""
        reason = challenger.failing or self._loss(desk, challenger.pointer)
        if reason and end_rollout(self.home.path, reason, only=challenger.pointer):
            logger.error(
                "the %s of bundle %s is ended: %s", challenger.pointer.mode, challenger.pointer.version, reason
            )
        return reason

    def _loss(self, desk: Desk, pointer: RolloutPointer) -> str:
        if pointer.mode != "canary":
            return ""
        if self.tally is None or self.tally.pointer != pointer:
            self.tally = RolloutTally(pointer)
        self.tally.catch_up(desk.ledger)
        return self.tally.loss


async def keep_watch(desk: Desk, home: Home) -> None:
    """Look again and again, for as long as the service runs."""
    guard = Guard(home)
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        challenger = desk.challenger.current
        if challenger is not None:
            await _looked(desk, guard, challenger)


async def _looked(desk: Desk, guard: Guard, challenger: Challenger) -> None:
    try:
        await desk.aside(guard.look, desk, challenger)
    except TsugiError as error:
        logger.error("the challenger could not be watched: %s", error.message)
    except Exception as error:  # noqa: BLE001  # the watch must outlive whatever nobody foresaw; it is logged
        unforeseen(error)
