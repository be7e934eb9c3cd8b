"""What the last training of a home learned from, whatever the gate said of it: the measure of what is new since."""

from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from decisioning.errors import UnavailableError
from features.replace_file import replace_file

FILE = "last-training.json"


@dataclass(frozen=True, slots=True)
class LastTraining:
    """A training that came to an end.

    Parameters: `as_of` (ISO); `decisions`, how many were over then, whether they were drawn into its sample or not;
    `catalog`, the version it knew.
    """

    as_of: str
    decisions: int
    catalog: str


def last_training(home: Path) -> LastTraining | None:
    """The last training of a home; None where none is noted. Raises `UnavailableError` where the note is damaged."""
    path = home / FILE
    if not path.exists():
        return None
    try:
        return LastTraining(**orjson.loads(path.read_bytes()))
    except (TypeError, ValueError) as problem:
        raise UnavailableError(f"{path}: does not describe a training: {problem}; remove it to begin anew") from problem


def note_training(home: Path, training: LastTraining) -> None:
    """Write a training down, in one step."""
    replace_file(home / FILE, orjson.dumps(asdict(training)))
