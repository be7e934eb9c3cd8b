"""Moves what serves by hand: a registered version becomes champion, shadows, or decides for a share."""

from dataclasses import dataclass
from pathlib import Path

from decisioning.errors import InvalidInputError, NotFoundError
from features.home import Home
from features.ledger import Ledger
from features.rollout_pointer import end_rollout, read_rollout
from features.workspace import Workspace
from pipelines.lease import lease
from pipelines.registry_told import reconcile
from training.manifest import champion_named
from training.publication import publish, publish_challenger
from training.registry import RegisteredBundle, Registry


@dataclass(frozen=True, slots=True)
class Rollout:
    """What a version shall do. Parameters: `share` of the customers that it decides for; 0 to shadow only."""

    version: int
    share: float = 0.0


def promote_version(home: Path, workspace: Path, number: int | None = None) -> str:
    """Make a registered version the champion (the challenger, where none is named), and publish it.

    Raises `NotFoundError` where there is no such version, or no challenger; `InvalidInputError` where the challenger
    under way is another one than the registry's; `ArtifactError` where a version, or what tells of the challenger under
    way, was altered.
    """
    with lease(Home(home).create().lock("retrain"), work="retraining"):
        registry = _registry(home, workspace)
        version = registry.version(number) if number is not None else _challenger(registry, home)
        publish(version.folder, home, number=version.number)
        registry.promote(version.number)
    return f"version {version.number} (bundle {version.bundle}) is the champion"


def roll_out(home: Path, workspace: Path, rollout: Rollout) -> str:
    """Let a registered version shadow the champion, or decide for a share of the customers.

    Raises `NotFoundError` where there is no such version, `ArtifactError` where it was altered, `InvalidInputError` of
    a bad share, or of the champion itself.
    """
    with lease(Home(home).create().lock("retrain"), work="retraining"), Ledger(Home(home).ledger) as ledger:
        registry = _registry(home, workspace)
        version, since = registry.version(rollout.version), ledger.last_seq()
        _refuse_champion(version, home)
        publish_challenger(version.folder, home, share=rollout.share, since_seq=since, number=version.number)
        registry.challenge(version.number)
        does = f"decides for {rollout.share:.1%} of the customers" if rollout.share else "shadows the champion"
        registry.tag(version.number, "rollout", does)
    return f"version {version.number} (bundle {version.bundle}) {does}"


def end_challenge(home: Path, reason: str = "by hand") -> str:
    """Let the challenger under way neither shadow nor decide any more. Raises `NotFoundError` where there is none."""
    ended = end_rollout(home, reason)
    if ended is None:
        raise NotFoundError("no challenger is under way")
    return f"the {ended.mode} of bundle {ended.version} is ended"


def _registry(home: Path, workspace: Path) -> Registry:
    registry = Registry.open(home, workspace=Workspace.load(workspace).name)
    reconcile(registry, home)
    return registry


def _refuse_champion(version: RegisteredBundle, home: Path) -> None:
    named = champion_named(home)
    if named is not None and named[0] == version.bundle:
        told = f"version {version.number} (bundle {version.bundle}) is the champion, and decides for everybody already"
        raise InvalidInputError(f"{told}; name another version", field="version")


def _challenger(registry: Registry, home: Path) -> RegisteredBundle:
    challenger, under_way = registry.holder("challenger"), _under_way(home)
    if challenger is None:
        raise NotFoundError(f"{registry.model} has no challenger; name a --version")
    if under_way not in (0, challenger.number):
        both = f"version {under_way} is under way, and version {challenger.number} was registered as challenger since"
        raise InvalidInputError(f"{both}; name a --version", field="version")
    return challenger


def _under_way(home: Path) -> int:
    """The number of the challenger that shadows or decides; 0 where none does, or it was never registered."""
    pointer = read_rollout(home)
    return 0 if pointer is None or pointer.mode == "ended" else pointer.number
