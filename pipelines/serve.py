"""Becomes the service: the BentoML server, as a process of its own that holds the home's serving lock."""

import os
import sys
from pathlib import Path
from typing import NoReturn

from decisioning.errors import UnavailableError
from features.workspace import Workspace

LAUNCHER = "serving.launch"
"""The service's own starter; pipelines and serving never import each other."""


def serve_command(*, host: str, port: int, workers: int = 1) -> list[str]:
    """The command that serves, with this interpreter.

    >>> serve_command(host="127.0.0.1", port=3000)[1:]
    ['-m', 'serving.launch', '--host', '127.0.0.1', '--port', '3000', '--workers', '1']
    """
    return [sys.executable, "-m", LAUNCHER, "--host", host, "--port", str(port), "--workers", str(workers)]


def serve_environment(home: Path, workspace: Path) -> dict[str, str]:
    """The environment of this process with the home and the workspace to serve."""
    return {**os.environ, "TSUGI_HOME": str(home.absolute()), "TSUGI_WORKSPACE": str(workspace.absolute())}


def become_service(home: Path, workspace: Path, *, host: str, port: int, workers: int = 1) -> NoReturn:
    """Check the workspace, then replace this process by the service. Raises `WorkspaceError` of a bad workspace."""
    Workspace.load(workspace)
    command = serve_command(host=host, port=port, workers=workers)
    os.execve(command[0], command, serve_environment(home, workspace))  # noqa: S606 (a fixed command)
    raise UnavailableError("the service could not be started")
