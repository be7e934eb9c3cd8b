"""Moves the champion by hand: promotes a registered version, or goes back to the champion before."""

from pathlib import Path

from decisioning.errors import NotFoundError
from features.home import Home
from features.workspace import Workspace
from pipelines.lease import lease
from training.publication import publish
from training.registry import RegisteredBundle, Registry


def promote_version(home: Path, workspace: Path, number: int | None = None) -> str:
    """Make a registered version the champion (the challenger, where none is named), and publish it.

    Raises `NotFoundError` where there is no such version, or no challenger; `ArtifactError` where it was altered.
    """
    with lease(Home(home).create().lock("retrain"), work="retraining"):
        registry = Registry.open(home, workspace=Workspace.load(workspace).name)
        version = _chosen(registry, number)
        publish(version.folder, home)
        registry.promote(version.number)
    return f"version {version.number} (bundle {version.bundle}) is the champion"


def roll_back(home: Path, workspace: Path) -> str:
    """Make the champion before the present one champion again, and publish it.

    Raises `NotFoundError` where none served before.
    """
    with lease(Home(home).create().lock("retrain"), work="retraining"):
        registry = Registry.open(home, workspace=Workspace.load(workspace).name)
        version = registry.rollback()
        publish(version.folder, home)
    return f"rolled back: version {version.number} (bundle {version.bundle}) is the champion"


def _chosen(registry: Registry, number: int | None) -> RegisteredBundle:
    if number is not None:
        return registry.version(number)
    challenger = registry.holder("challenger")
    if challenger is None:
        raise NotFoundError(f"{registry.model} has no challenger; name a --version")
    return challenger
