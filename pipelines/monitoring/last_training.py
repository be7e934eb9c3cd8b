"""What the last training of a home learned from, whatever the gate said of it: the measure of what is new since."""

from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import orjson

from decisioning.errors import UnavailableError
from features.replace_file import replace_file

FILE = "last-training.json"


@dataclass(frozen=True, slots=True)
class LastTraining:
    """A training that came to an end.

    Parameters: `as_of` (ISO); `decisions`, how many were over then, whether they were drawn into its sample or not;
    `catalog`, the version it knew; `settings`, the version of what the workspace said of learning ("" of a training by
    an earlier release: unknown); `promote`, whether what it learned might serve, or a challenger alone was made.
    """

    as_of: str
    decisions: int
    catalog: str
    settings: str = ""
    promote: bool = True

    @property
    def at(self) -> datetime:
        """The moment as of which it learned."""
        return datetime.fromisoformat(self.as_of)

    def adds_nothing_to(self, before: "LastTraining") -> bool:
        """Whether it made a challenger alone, from nothing but what another training learned that might serve."""
        return before.promote and not self.promote and replace(self, as_of=before.as_of, promote=True) == before


def last_training(home: Path) -> LastTraining | None:
    """The last training of a home; None where none is noted. Raises `UnavailableError` where the note is damaged."""
    path = home / FILE
    if not path.exists():
        return None
    try:
        return _checked(LastTraining(**orjson.loads(path.read_bytes())))
    except (TypeError, ValueError) as problem:
        raise UnavailableError(f"{path}: does not describe a training: {problem}; remove it to begin anew") from problem


def _checked(training: LastTraining) -> LastTraining:
    """The same; raises `ValueError` of what is of another type, or no moment that says where on Earth."""
    if not isinstance(training.as_of, str) or training.at.tzinfo is None:
        raise ValueError(f"as_of {training.as_of!r}, expected a moment with its UTC offset")
    if type(training.decisions) is not int or training.decisions < 0:
        raise ValueError(f"decisions {training.decisions!r}, expected a whole number from 0 on")
    if not isinstance(training.catalog, str):
        raise ValueError(f"catalog {training.catalog!r}, expected a version")
    if not isinstance(training.settings, str):
        raise ValueError(f"settings {training.settings!r}, expected a version")
    if type(training.promote) is not bool:
        raise ValueError(f"promote {training.promote!r}, expected true or false")
    return training


def note_training(home: Path, training: LastTraining) -> None:
    """Write a training down, in one step; one as of the past does not take the place of a later one.

    Nor does that of a challenger, of one that learned the same and might serve. A damaged note is replaced.
    """
    before = None
    with suppress(UnavailableError):
        before = last_training(home)
    if before is None or (before.at <= training.at and not training.adds_nothing_to(before)):
        replace_file(home / FILE, orjson.dumps(asdict(training)))
