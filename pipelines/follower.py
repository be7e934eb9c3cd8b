"""The process that reads along, as whoever loads sees it: both read lines, each what the other has no time for."""

import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread
from typing import IO

from features.line_reader import LineReader
from features.lines_ahead import FoundLines, KeptLines
from features.receipt import Arrival
from features.record import DEFECTS
from pipelines.follow_messages import (
    FOUND,
    LINES,
    READY,
    Message,
    found_in,
    of_arrival,
    of_kept,
    of_page,
    receive,
    send,
)

logger = logging.getLogger(__name__)

AT_ONCE = 3
"""Batches that the process has to read at most, so that it never waits for one, and whoever loads for few."""
MOST_UNSENT = 64
"""Messages that wait to be sent at most; what is read here beyond them it reads again in the ledger."""
HERE = 1
"""Who reads here, as `FoundLines` names it; the process is 0."""


@dataclass(slots=True)
class _Batch:
    """Lines that are to be read. Parameters: `body`, all of them; `found`, what was found in them here."""

    lines: Sequence[bytes]
    body: bytes
    is_sent: bool = False
    found: FoundLines | None = None


class Follower:
    """Implements `features.lines_ahead.Ahead`: some lines are read by the process, by messages, and others here.

    While the next answer is not there, what was not sent yet is read here; so is everything until the process is ready.
    It is told of those that were kept what they say to features. Two threads send and receive: neither side ever waits
    for the other to take a message, which does not fit into a pipe.

    Parameters: `to_it` and `from_it`, pipes; `arrival`, how all lines come; `reader`, who reads here.
    """

    def __init__(self, to_it: IO[bytes], from_it: IO[bytes], arrival: Arrival, *, reader: LineReader) -> None:
        self._to_it, self._from_it = to_it, from_it
        self._arrival = arrival
        self._reader = reader
        self._is_ready = self._is_gone = self._is_told = False
        self._waiting = deque[_Batch]()
        self._received = deque[_Batch]()
        self._queue: SimpleQueue[Message | None] = SimpleQueue()
        self._answers: SimpleQueue[Message | None] = SimpleQueue()
        self._sender = Thread(target=self._send_all, name="to follower", daemon=True)
        self._sender.start()
        self._receiver = Thread(target=self._receive_all, name="from follower", daemon=True)
        self._receiver.start()

    def send(self, lines: Sequence[bytes]) -> bool:
        """Hand lines over; not where it is gone, and none in which a line ends."""
        body = b"\n".join(lines)
        if self._is_gone or body.count(b"\n") != len(lines) - 1:
            return False
        self._waiting.append(_Batch(lines, body))
        self._hand_over()
        return True

    def receive(self) -> FoundLines | None:
        """What was found in the oldest lines that were sent; None where it had them and is gone."""
        batch = self._waiting.popleft()
        found = self._answer() if batch.is_sent else batch.found or self._read(batch)
        if found is not None:
            self._received.append(batch)
        self._hand_over()
        return found

    def keep(self, kept: KeptLines) -> None:
        """Tell what became of the oldest lines that were received."""
        if self._received.popleft().is_sent:
            self._queue.put(of_kept(kept))
        else:
            self._tell(kept)

    def end(self) -> None:
        """Send what is to be sent, and close; does nothing the second time."""
        self._queue.put(None)
        self._sender.join()
        self._to_it.close()

    def join(self) -> None:
        """Stop listening to it, once it has ended."""
        self._receiver.join()

    def _hand_over(self) -> None:
        """Send what it has room for."""
        if not self._is_told:
            self._queue.put(of_arrival(self._arrival))
            self._is_told = True
        if self._listens():
            room = AT_ONCE - sum(batch.is_sent for batch in self._waiting)
            for batch in self._unread()[: max(room, 0)]:
                self._queue.put(Message(LINES, batch.body))
                batch.is_sent = True

    def _unread(self) -> list[_Batch]:
        return [batch for batch in self._waiting if not batch.is_sent and batch.found is None]

    def _read(self, batch: _Batch) -> FoundLines:
        batch.found = self._reader.read(batch.lines)._replace(by=HERE)
        return batch.found

    def _answer(self) -> FoundLines | None:
        """The next answer; while it is not there, something else is read."""
        while not self._is_gone and self._answers.empty() and (unread := self._unread()):
            self._read(unread[0])
        message = None if self._is_gone else self._answers.get()
        if message is None or message.kind != FOUND:
            self._is_gone = True
            return None
        return found_in(message.body)

    def _tell(self, kept: KeptLines) -> None:
        """Tell what kept lines say that were read here; where one of them cannot be read, the ledger will tell."""
        try:
            page = self._reader.page(kept)
        except DEFECTS:
            return
        if not self._is_gone and self._queue.qsize() < MOST_UNSENT:
            self._queue.put(of_page(kept.first, kept.last, page))

    def _listens(self) -> bool:
        """Whether it is there; looks once in a while whether it became ready."""
        if not self._is_ready and not self._is_gone and not self._answers.empty():
            message = self._answers.get()
            self._is_ready = message is not None and message.kind == READY
            self._is_gone = not self._is_ready
        return self._is_ready and not self._is_gone

    def _send_all(self) -> None:
        try:
            while (message := self._queue.get()) is not None:
                send(self._to_it.fileno(), message)
        except OSError as error:
            self._is_gone = True
            logger.warning("who reads along is gone, the load goes on alone: %s", type(error).__name__)

    def _receive_all(self) -> None:
        message: Message | None = Message(READY, b"")
        while message is not None:
            message = receive(self._from_it.fileno())
            self._answers.put(message)
