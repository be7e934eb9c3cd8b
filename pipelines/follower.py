"""The process that reads along, as whoever loads sees it: takes lines from when it is ready, until it is gone."""

import logging
import select
from collections.abc import Sequence
from queue import SimpleQueue
from threading import Thread
from typing import IO

from features.lines_ahead import FoundLines, KeptLines
from features.receipt import Arrival
from pipelines.follow_messages import FOUND, LINES, READY, Message, found_in, of_arrival, of_kept, receive, send

logger = logging.getLogger(__name__)


class Follower:
    """Implements `features.lines_ahead.Ahead` by messages.

    Messages are sent by a thread of its own: while one waits until the other side has read it, what that side sends can
    be received.

    Parameters: `to_it` and `from_it`, pipes; `arrival`, how all lines come.
    """

    def __init__(self, to_it: IO[bytes], from_it: IO[bytes], arrival: Arrival) -> None:
        self._to_it, self._from_it = to_it, from_it.fileno()
        self._arrival = arrival
        self._is_ready = self._is_gone = False
        self._queue: SimpleQueue[Message | None] = SimpleQueue()
        self._sender = Thread(target=self._send_all, name="follower", daemon=True)
        self._sender.start()

    def send(self, lines: Sequence[bytes]) -> bool:
        """Hand lines over; not before it is ready, and none in which a line ends."""
        body = b"\n".join(lines)
        if not self._listens() or body.count(b"\n") != len(lines) - 1:
            return False
        self._queue.put(Message(LINES, body))
        return True

    def receive(self) -> FoundLines | None:
        """What was found in the oldest lines that were sent; None where it is gone."""
        message = None if self._is_gone else receive(self._from_it)
        if message is None or message.kind != FOUND:
            self._is_gone = True
            return None
        return found_in(message.body)

    def keep(self, kept: KeptLines) -> None:
        """Tell what became of the oldest lines that were received."""
        self._queue.put(of_kept(kept))

    def end(self) -> None:
        """Send what is to be sent, and close; does nothing the second time."""
        self._queue.put(None)
        self._sender.join()
        self._to_it.close()

    def _listens(self) -> bool:
        """Whether it is there; looks once in a while whether it became ready."""
        if not self._is_ready and not self._is_gone and select.select([self._from_it], [], [], 0)[0]:
            message = receive(self._from_it)
            self._is_ready = message is not None and message.kind == READY
            self._is_gone = not self._is_ready
            self._queue.put(of_arrival(self._arrival))
        return self._is_ready and not self._is_gone

    def _send_all(self) -> None:
        try:
            while (message := self._queue.get()) is not None:
                send(self._to_it.fileno(), message)
        except OSError as error:
            self._is_gone = True
            logger.warning("who reads along is gone, the load goes on alone: %s", type(error).__name__)
