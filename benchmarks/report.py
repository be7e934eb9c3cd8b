"""What a benchmark found: rows of figures, as a table for people and as JSON for machines."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import machine

Cell = str | int | float


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one benchmark.

    Parameters: `rows`, each with the same columns; `about`, what was measured, in a sentence or two.
    """

    about: str
    rows: Sequence[Mapping[str, Cell]]

    def table(self) -> str:
        """The rows as a Markdown table."""
        names = list(self.rows[0])
        lines = [names, ["---"] * len(names), *([_words(row[name]) for name in names] for row in self.rows)]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def write(self, file: Path, *, quick: bool) -> None:
        """Write the rows as JSON, with the machine and the moment."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        content = {"about": self.about, "measured_at": now, "quick": quick, "machine": machine(), "rows": self.rows}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, indent=2) + "\n")


def _words(cell: Cell) -> str:
    """Three digits are enough to read.

    >>> _words(123456.7), _words(12.345), _words(0.0123)
    ('123,457', '12.3', '0.0123')
    """
    if not isinstance(cell, float):
        return f"{cell:,}" if isinstance(cell, int) else cell
    return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds that some work took: on the clock, and of CPU in all threads of this process."""

    wall: float
    cpu: float


def spent(work: Callable[[], object]) -> Spent:
    """How long some work takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)
