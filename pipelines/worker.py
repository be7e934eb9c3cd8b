"""Works off the queue of retraining runs: one after the other, each as a process of its own, on a leash."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event, Thread
from typing import IO, Any
from uuid import uuid4

from decisioning.errors import UnavailableError
from features.home import Home
from features.retraining_run import Run
from features.run_queue import RunQueue
from features.workspace import Workspace
from pipelines.exit_code import ExitCode

LEASHED = "pipelines.leashed"
LOOK_SECONDS = 1.0
"""Between two looks at a run under way; each renews the lease."""
AGAIN_SECONDS = 10.0
"""Before a run that was put back is tried again: its command takes seconds to find out that somebody else is at it."""
MEMORY_MB = 4096
"""Of data that a retraining may hold, where nobody says otherwise."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How a worker works. Parameters: `pause_seconds` between looks at an empty queue; `memory_mb` of a run."""

    pause_seconds: float = 1.0
    memory_mb: int = MEMORY_MB


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker of one home.

    Parameters: `name`, unlike any other's; `clock`, tells the time; `over`, set when it shall end; `say`, takes lines
    for people.
    """

    name: str
    queue: RunQueue
    home: Path
    workspace: Path
    clock: Callable[[], datetime]
    over: Event
    say: Callable[[str], object]
    limits: Limits = Limits()

    def work(self, *, once: bool = False) -> int:
        """Run what is queued until told to end, or (with `once`) until the queue is empty; how many runs ended."""
        n = 0
        while not self.over.is_set():
            run = self.queue.take(self.name, now=self.clock())
            if run is not None and self._attempt(run):
                n += 1
            elif run is None and once:
                break
            else:
                self.over.wait(self.limits.pause_seconds if run is None else AGAIN_SECONDS)
        return n

    def _attempt(self, run: Run) -> bool:
        """Run one; whether it ended, rather than being given back or lost to another worker."""
        self.say(f"{run.run_id}: begun (attempt {run.attempts})")
        with TemporaryFile("w+") as printed:
            exit_code = self._run(run, printed)
            if exit_code is None or exit_code == ExitCode.BUSY:
                self.queue.give_back(run.run_id, self.name)
                self.say(f"{run.run_id}: put back")
                return False
            printed.seek(0)
            return self._ended(run, exit_code, printed.read())

    def _run(self, run: Run, printed: IO[str]) -> int | None:
        """Run a command to its end, or to that of this worker's hold on it; its exit code, None where it was killed."""
        with self._started(run, printed) as process:
            listener = Thread(target=self._listen, args=(run.run_id, process.stderr or ()), daemon=True)
            listener.start()
            held = self._watched(run, process)
            listener.join()
        return process.returncode if held else None

    def _ended(self, run: Run, exit_code: int, printed: str) -> bool:
        counts = self.queue.end(run.run_id, self.name, exit_code=exit_code, result=_result(printed), now=self.clock())
        self.say(f"{run.run_id}: ended with {exit_code}" + ("" if counts else ", but another worker had taken over"))
        return counts

    def _started(self, run: Run, printed: IO[str]) -> "subprocess.Popen[str]":
        verb = ["retrain" if run.promote else "train", *(["--if-needed"] if run.if_needed else [])]
        leash = [sys.executable, "-m", LEASHED, str(os.getpid()), str(self.limits.memory_mb)]
        where = ["--home", str(self.home), "--workspace", str(self.workspace)]
        return subprocess.Popen(  # noqa: S603 (this interpreter, this module)
            [*leash, *verb, "--json", *where],
            stdout=printed,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,  # whoever ends the worker's group means the worker, which ends its command itself
        )

    def _watched(self, run: Run, process: "subprocess.Popen[str]") -> bool:
        """Wait for a process and hold its run meanwhile; whether it ended by itself."""
        while True:
            with suppress(subprocess.TimeoutExpired):
                process.wait(LOOK_SECONDS)
                return not self._interrupted(process.returncode)
            if self.over.is_set() or not self._holds(run):
                process.kill()
                return False

    def _interrupted(self, exit_code: int) -> bool:
        """Whether a process was ended by the signal that ends this worker, which may come a moment later here."""
        return (exit_code < 0 or exit_code == ExitCode.INTERRUPTED) and self.over.wait(LOOK_SECONDS)

    def _holds(self, run: Run) -> bool:
        """Whether nobody took a run over; where the queue cannot be used for a while, nobody is known to have."""
        try:
            return self.queue.renew(run.run_id, self.name, now=self.clock())
        except UnavailableError as error:
            self.say(f"{run.run_id}: goes on, though it could not be renewed: {error.message}")
            return True

    def _listen(self, run_id: str, lines: Iterable[str]) -> None:
        """Take every line, whatever becomes of it: a pipe that nobody empties holds up the run."""
        for line in lines:
            if words := line.strip():
                self.say(f"{run_id}: {words}")
                self._note(run_id, words)

    def _note(self, run_id: str, words: str) -> None:
        try:
            self.queue.say(run_id, words, now=self.clock())
        except UnavailableError as error:
            self.say(f"{run_id}: the last line is not kept: {error.message}")


def work(
    home: Path,
    workspace: Path,
    *,
    clock: Callable[[], datetime],
    once: bool,
    limits: Limits,
    say: Callable[[str], object],
) -> int:
    """Work off the queue of a home until a signal says to end; how many runs ended. A run under way is put back then.

    Raises `WorkspaceError` of a bad workspace.
    """
    Workspace.load(workspace)
    over = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    queue = RunQueue(Home(home).create().runs)
    worker = Worker(f"w_{uuid4().hex}", queue, home, workspace, clock, over, say, limits)
    return worker.work(once=once)


def _result(printed: str) -> dict[str, Any]:
    """The one JSON object that a run printed; nothing where it failed before that."""
    with suppress(json.JSONDecodeError):
        read = json.loads(printed)
        if isinstance(read, dict):
            return read
    return {}
