"""A second process that reads along while a file is loaded, so that both cores work.

    python -m pipelines.follow HOME WORKSPACE

It reads lines before they are written, is told which of them were kept, and what those say that whoever loads had time
to read; all of it is applied to the online features when its standard input ends. What it is not told of (rows of a
table, what others write meanwhile) it reads in the ledger. Nothing depends on it: whoever loads reads the lines where
it does not answer, and catches up afterwards, to find it done.
"""

import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

from decisioning.errors import UnavailableError
from features.catalog_source import feature_set_of
from features.contract.contract import Contracts
from features.contract.source import contracts_of
from features.fact_reader import FactReader
from features.gathering.gathered import Gathered
from features.home import Home
from features.ledger import Ledger
from features.line_reader import LineReader
from features.lines_ahead import NOBODY, Ahead
from features.projection import FeatureProjection
from features.receipt import Arrival
from features.record import DEFECTS
from features.stores import open_rows
from features.workspace import Workspace
from pipelines.follow_messages import (
    ARRIVAL,
    LINES,
    PAGE,
    READY,
    Message,
    arrival_in,
    kept_in,
    of_found,
    page_in,
    receive,
    send,
)
from pipelines.follower import Follower

if TYPE_CHECKING:
    from pipelines.composition import Composition

WORTH = 32 * 2**20
"""Bytes of a file from which a second process is worth its start."""
MODULE = "pipelines.follow"
PAUSE = 0.05
"""Seconds between two looks at a ledger that did not grow."""


@contextmanager
def followed(composition: "Composition", arrival: Arrival, *, size: int) -> Iterator[Ahead]:
    """While a file of so many bytes is loaded within, another process reads along; it is done when this ends."""
    if size < WORTH or len(os.sched_getaffinity(0)) == 1:
        yield NOBODY
        return
    home, workspace = composition.home.path.absolute(), composition.workspace.folder.absolute()
    command, piped = [sys.executable, "-m", MODULE, str(home), str(workspace)], subprocess.PIPE
    reader = LineReader(arrival, composition.features.reader, contracts_of(composition.workspace))
    with subprocess.Popen(command, stdin=piped, stdout=piped, bufsize=0) as process:  # noqa: S603 (this interpreter)
        follower = Follower(_pipe(process.stdin), _pipe(process.stdout), arrival, reader=reader)
        try:
            yield follower
            follower.end()
        except BaseException:
            process.terminate()
            raise
        finally:
            process.wait()
            follower.join()


def main(arguments: Sequence[str]) -> None:
    """Follow the ledger of a home until standard input ends."""
    home, workspace = Home(Path(arguments[0])), Workspace.load(Path(arguments[1]))
    with Ledger(home.ledger) as ledger, closing(open_rows(home, workspace.stores)) as rows:
        features, pipes = feature_set_of(workspace), (0, _taken_over(1))
        projection = FeatureProjection(ledger, rows, features, seed=home.states)
        following = Following(ledger, features.reader, contracts_of(workspace), pipes=pipes)
        projection.follow(following.step)


def _taken_over(output: int) -> int:
    """Another number for an output that carries messages, so that nothing that is printed gets among them."""
    ours = os.dup(output)
    os.dup2(2, output)
    return ours


class Following:
    """What is done with each message.

    Parameters: `facts`, what features read of a fact; `contracts`, what the workspace agreed of events; `pipes`, from
    whoever loads and to them.
    """

    def __init__(self, ledger: Ledger, facts: FactReader, contracts: Contracts, *, pipes: tuple[int, int]) -> None:
        self._ledger = ledger
        self._facts = facts
        self._contracts = contracts
        self._from_them, self._to_them = pipes
        self._reader: LineReader | None = None
        send(self._to_them, Message(READY, b""))

    def step(self, gathered: Gathered) -> bool:
        """Answer one message, or read on in the ledger while none comes; whether there will be no more."""
        if not self._is_told(gathered):
            return False
        message = receive(self._from_them)
        if message is not None:
            self._take(message, gathered)
        return message is None

    def _is_told(self, gathered: Gathered) -> bool:
        """Whether a message is there or worth waiting for; while there is none, something else is read."""
        if self._reader is None:
            is_there = bool(select.select([self._from_them], [], [], PAUSE)[0])
            if not is_there:
                gathered.extend(self._ledger.last_seq())
            return is_there
        return bool(select.select([self._from_them], [], [], 0)[0]) or not gathered.fill()

    def _take(self, message: Message, gathered: Gathered) -> None:
        if message.kind == ARRIVAL:
            self._reader = LineReader(arrival_in(message.body), self._facts, self._contracts)
        elif self._reader is not None and message.kind == LINES:
            send(self._to_them, of_found(self._reader.read(message.body.split(b"\n"))))
        elif message.kind == PAGE:
            first, last, page = page_in(message.body)
            gathered.take(first, last, page)
        elif self._reader is not None:
            self._gather(message.body, self._reader, gathered)

    def _gather(self, body: bytes, reader: LineReader, gathered: Gathered) -> None:
        """Take what kept lines say; where one of them cannot be read, the ledger will tell."""
        kept = kept_in(body)
        try:
            page = reader.page(kept)
        except DEFECTS:
            return
        gathered.take(kept.first, kept.last, page)


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise UnavailableError("a pipe is missing")
    return stream


if __name__ == "__main__":
    main(sys.argv[1:])
