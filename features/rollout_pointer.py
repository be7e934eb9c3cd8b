"""The pointer to a challenger, beside that to the champion: which bundle, how far it is let, and why it was ended.

Whoever publishes replaces the file in one step; the service watches it, and ends a canary by replacing it too. It is
never removed: a file that vanished says nothing, one that says `ended` says so.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import orjson

from decisioning.errors import ArtifactError
from features.file_lock import alone
from features.home import Home
from features.replace_file import replace_file

CHALLENGER = "challenger.json"
Mode = Literal["shadow", "canary", "ended"]


@dataclass(frozen=True, slots=True)
class RolloutPointer:
    """A challenger as published.

    Parameters: `version` and `sha256`, of its bundle's folder; `share` of the customers, 0 for a shadow; `since_seq`,
    the ledger's last record when it began; `since`, that moment in ISO form; `number`, in the registry, 0 for unknown;
    `reason`, why it ended.
    """

    mode: Mode
    version: str
    sha256: str
    share: float = 0.0
    since_seq: int = 0
    since: str = ""
    number: int = 0
    reason: str = ""


def rollout_path(home: Path) -> Path:
    """Where the pointer of a home lies."""
    return home / "bundles" / CHALLENGER


def read_rollout(home: Path) -> RolloutPointer | None:
    """The pointer as it stands; None where no challenger was ever published. Raises `ArtifactError` of a bad one."""
    path = rollout_path(home)
    if not path.exists():
        return None
    try:
        pointer = RolloutPointer(**orjson.loads(path.read_bytes()))
        if pointer.mode not in get_args(Mode) or not 0.0 <= pointer.share <= 1.0:
            raise ValueError(f"mode {pointer.mode!r} with share {pointer.share!r}")
    except (OSError, TypeError, ValueError) as problem:
        raise ArtifactError(f"{path}: does not describe a challenger: {problem}") from problem
    return pointer


def write_rollout(home: Path, pointer: RolloutPointer) -> None:
    """Replace the pointer in one step."""
    with alone(Home(home).lock("bundles")):
        replace_file(rollout_path(home), orjson.dumps(asdict(pointer)))


def end_rollout(home: Path, reason: str, *, only: RolloutPointer | None = None) -> RolloutPointer | None:
    """End the challenger under way, saying why; what was ended, None where nothing was under way.

    Parameters: `only`, the one that is meant: another that began meanwhile goes on.
    """
    with alone(Home(home).lock("bundles")):
        now = None
        with suppress(ArtifactError):
            now = read_rollout(home)
        if now is None or now.mode == "ended" or (only is not None and now != only):
            return None
        replace_file(rollout_path(home), orjson.dumps(asdict(replace(now, mode="ended", reason=reason))))
    return now
