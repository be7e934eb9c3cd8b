"""Shows long work as numbered stages, each with what came of it and how long it took."""

import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

WIDE = 200
"""Columns where nobody's terminal sets a limit."""


def a_console() -> Console:
    """A console as wide as the terminal, or wide enough for tables where there is none."""
    found = Console(highlight=False)
    return found if found.is_terminal else Console(highlight=False, width=WIDE)


@dataclass
class Stage:
    """One stage under way. Parameters: `advance` is told how much is done of the total that `expect` set."""

    console: Console
    result: str = ""
    _progress: Progress | None = None
    _task: int = 0

    def expect(self, total: float, unit: str) -> None:
        """Show a bar of so many units; only on a terminal."""
        if not self.console.is_terminal:
            return
        columns = (
            TextColumn("      "),
            BarColumn(bar_width=28),
            TaskProgressColumn(),
            TextColumn("{task.fields[unit]}"),
            TimeElapsedColumn(),
        )
        self._progress = Progress(*columns, console=self.console, transient=True)
        self._task = self._progress.add_task("", total=total, unit=unit)
        self._progress.start()

    def at(self, done: float) -> None:
        """So much of the total is done."""
        if self._progress is not None:
            self._progress.update(self._task, completed=done)  # type: ignore[arg-type]  # rich's TaskID is an int

    def stop(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()


@dataclass
class Stages:
    """Numbered stages on a console. Parameters: `total`, how many there will be."""

    total: int
    console: Console = field(default_factory=a_console)
    now: Callable[[], float] = monotonic
    _number: int = 0
    _began: float = field(default_factory=monotonic)

    @contextmanager
    def stage(self, title: str) -> Iterator[Stage]:
        """Run one stage: its title first, then `stage.result` and the seconds it took."""
        self._number += 1
        began = self.now()
        self.console.print(f"[bold cyan]{self._number}/{self.total}[/] [bold]{title}[/]")
        stage = Stage(self.console)
        try:
            yield stage
        finally:
            stage.stop()
        self.console.print(f"      {stage.result} [dim]({self.now() - began:.1f} s)[/]", soft_wrap=True)

    def cost(self) -> str:
        """How long everything took so far, and the most memory this process held."""
        return f"{self.now() - self._began:.0f} s, {peak_memory_gib():.1f} GiB of memory at most"


def peak_memory_gib() -> float:
    """The most memory that this process has held, in GiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1024**3
