"""Tells the registry who is champion, apart from whoever changed it: MLflow alone takes longer than a rollback may.

    python -m pipelines.registry_told HOME WORKSPACE

What serves is what is published below the home. The aliases of the registry follow it: at once where MLflow answers,
else with the next command that opens the registry.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from decisioning.errors import NotFoundError
from training.champion_log import Champion, changes_served

if TYPE_CHECKING:
    from training.registry import RegisteredBundle, Registry

LOG = "registry-told.log"
"""What the telling process said, below the home."""


def tell_soon(home: Path, workspace: Path) -> str:
    """Begin to tell the registry in a process of its own; what is being done, in words."""
    command = [sys.executable, "-m", "pipelines.registry_told", str(home.resolve()), str(workspace.resolve())]
    log, appending = home / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), appending, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    process = os.posix_spawn(sys.executable, command, os.environ, file_actions=streams, setsid=True)
    return f"the registry is being told (process {process}, {log})"


def reconcile(registry: "Registry", home: Path) -> int | None:
    """Move the registry's champion to the one that is published; its number where it moved, else None.

    As it came to serve, promoted or rolled back to. What serves and is not registered here (a registry made anew)
    moves nothing.
    """
    changes = changes_served(home)
    meant = _registered(registry, changes[-1]) if changes else None
    if meant is None or registry.holder("champion") == meant:
        return None
    move = registry.promote if changes[-1].how == "promoted" else registry.roll_back_to
    return move(meant.number).number


def _registered(registry: "Registry", champion: Champion) -> "RegisteredBundle | None":
    """The version of the champion's number where it is the champion's bundle; None where it is another one, or none."""
    if not champion.number:
        return None
    with suppress(NotFoundError):
        version = registry.version(champion.number)
        return version if version.bundle == champion.version else None
    return None


def main(home: Path, workspace: Path) -> None:
    """Open the registry and let it follow."""
    from features.workspace import Workspace
    from pipelines.clock import system_clock
    from training.registry import Registry

    name = Workspace.load(workspace).name
    moved = reconcile(Registry.open(home, workspace=name), home)
    print(f"{system_clock():%Y-%m-%d %H:%M:%S} {name}: {f'champion is version {moved}' if moved else 'knew already'}")


if __name__ == "__main__":
    from decisioning.errors import TsugiError

    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except TsugiError as problem:
        sys.exit(problem.message)
