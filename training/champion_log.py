"""Which bundles were champion, in order, beside the pointer: what a rollback needs when MLflow cannot be reached."""

from dataclasses import asdict, dataclass, replace
from itertools import dropwhile
from pathlib import Path
from typing import Any, Literal, get_args

import orjson

from decisioning.errors import ArtifactError
from features.replace_file import replace_file
from training.manifest import champion_named

LOG = "champions.json"
Change = Literal["promoted", "rolled back"]


@dataclass(frozen=True, slots=True)
class Champion:
    """One change of the champion: its bundle, the number in the registry (0 for unknown), how and when it came.

    Parameters: `at`, empty where nobody wrote it down.
    """

    version: str
    sha256: str
    number: int
    how: Change
    at: str


def champion_changes(home: Path) -> tuple[Champion, ...]:
    """Every change that was written down, in order; whether it came to serve is what `changes_served` says.

    Raises `ArtifactError` where the log cannot be read.
    """
    path = home / "bundles" / LOG
    if not path.exists():
        return ()
    try:
        return _read(orjson.loads(path.read_bytes()))
    except (TypeError, ValueError) as problem:
        way_out = "remove it to go on: what serves stays, and what served before can only be promoted, by its version"
        raise ArtifactError(f"{path}: expected the changes of the champion: {problem}; {way_out}") from problem


def _read(found: Any) -> tuple[Champion, ...]:
    """Raises `TypeError` or `ValueError` of what describes no changes."""
    if not isinstance(found, list):
        raise TypeError(f"got {type(found).__name__}, expected a list")
    changes = tuple(Champion(**each) for each in found)
    for change in changes:
        _check(change)
    return changes


def _check(change: Champion) -> None:
    for name, kind in (("version", str), ("sha256", str), ("number", int), ("at", str)):
        if type(getattr(change, name)) is not kind:
            raise TypeError(f"{name} {getattr(change, name)!r}, expected {kind.__name__}")
    if change.how not in get_args(Change):
        raise ValueError(f"how {change.how!r}, expected one of {', '.join(get_args(Change))}")


def changes_served(home: Path) -> tuple[Champion, ...]:
    """The changes of the champion in order, the last one that of the champion which the pointer names.

    A change is written down before the pointer is swapped: what stands behind it was cut short and never served. A
    champion that nobody wrote down is the last change; where the pointer cannot be read, the log is believed. Raises
    `ArtifactError` where the log cannot be read.
    """
    changes = champion_changes(home)
    try:
        named = champion_named(home)
    except ArtifactError:
        return changes
    if named is None:
        return ()
    latest_first = tuple(dropwhile(lambda change: change.version != named[0], reversed(changes)))
    return latest_first[::-1] or (*changes, Champion(*named, 0, "promoted", ""))


def note_champion(home: Path, champion: Champion) -> None:
    """Add a change to those that came to serve, durably; the log is replaced whole."""
    changes = [*changes_served(home), champion]
    replace_file(home / "bundles" / LOG, orjson.dumps([asdict(each) for each in changes]))


def restate_champion(home: Path, version: str, sha256: str) -> None:
    """Let every change to a version name what its folder holds now: the same content may be published anew."""
    changes = champion_changes(home)
    now = [replace(each, sha256=sha256) if each.version == version else each for each in changes]
    if now != list(changes):
        replace_file(home / "bundles" / LOG, orjson.dumps([asdict(each) for each in now]))


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
