"""Which bundles were champion, in order, beside the pointer: what a rollback needs when MLflow cannot be reached."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import orjson

from decisioning.errors import ArtifactError
from features.replace_file import replace_file

LOG = "champions.json"
Change = Literal["promoted", "rolled back"]


@dataclass(frozen=True, slots=True)
class Champion:
    """One change of the champion: its bundle, the number in the registry (0 for unknown), how and when it came."""

    version: str
    sha256: str
    number: int
    how: Change
    at: str


def champion_changes(home: Path) -> tuple[Champion, ...]:
    """Every change in order, none where nothing was published. Raises `ArtifactError` where the log cannot be read."""
    path = home / "bundles" / LOG
    if not path.exists():
        return ()
    try:
        return tuple(Champion(**each) for each in orjson.loads(path.read_bytes()))
    except (TypeError, ValueError) as problem:
        raise ArtifactError(f"{path}: expected the changes of the champion: {problem}") from problem


def note_champion(home: Path, champion: Champion) -> None:
    """Add a change, durably; the log is replaced whole."""
    changes = [*champion_changes(home), champion]
    replace_file(home / "bundles" / LOG, orjson.dumps([asdict(each) for each in changes]))


def standing(changes: tuple[Champion, ...]) -> list[Champion]:
    """The champion and those before it, as a rollback goes back through them; the present one last.

    >>> a, b = (Champion(name, "", 0, "promoted", "") for name in "ab")
    >>> back = Champion("a", "", 0, "rolled back", "")
    >>> [each.version for each in standing((a, b, b, back, b))]
    ['a', 'b']
    """
    stack: list[Champion] = []
    for change in changes:
        if change.how == "rolled back":
            del stack[-1:]
        elif not stack or stack[-1].version != change.version:
            stack.append(change)
    return stack
