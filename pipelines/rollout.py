"""The challenger under way, as the command line decides with it."""

from collections.abc import Callable
from pathlib import Path

from decisioning.errors import ArtifactError
from decisioning.rollout import Rollout
from features.rollout_pointer import CHALLENGER, read_rollout
from training.artifact import load_bundle
from training.manifest import published_path


def rollout_of(home: Path) -> Rollout | None:
    """The published challenger, which shadows or decides for its share; None where none is under way.

    Raises `ArtifactError` where it was altered.
    """
    pointer = read_rollout(home)
    if pointer is None or pointer.mode == "ended":
        return None
    folder = published_path(home, pointer.version, pointer.sha256, pointer=CHALLENGER)
    return Rollout(load_bundle(folder), pointer.share)


def usable_rollout(home: Path, say: Callable[[str], object]) -> Rollout | None:
    """As `rollout_of`; one that cannot be loaded is left out, and that is said."""
    try:
        return rollout_of(home)
    except ArtifactError as error:
        say(f"the challenger is left out: {error}")
        return None
