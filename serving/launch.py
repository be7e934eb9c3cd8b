"""Starts the service as a process: check what can be checked, then become `bentoml serve`."""

import os
import socket
import sys
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from dataclasses import replace
from errno import EACCES, EADDRINUSE, EPERM
from pathlib import Path  # noqa: F401  # the doctest below
from time import sleep
from typing import NoReturn

from decisioning.errors import TsugiError, UnavailableError
from features.catalog_source import compiled_catalog, feature_set_of
from features.contract.source import contracts_of
from features.file_lock import taken
from features.home import Home
from features.ledger_file import prepare
from features.whose import check_whose, keep_whose
from features.workspace import Workspace
from serving.settings import LOOPBACK, Settings, from_environment

SERVICE = "serving.service:TsugiService"
_OF_A_PORT = (EADDRINUSE, EACCES, EPERM)
"""What a system says where the address is this machine's, but not for this process."""


def command(settings: Settings) -> list[str]:
    """Give the command that serves: BentoML's own, with this interpreter.

    >>> command(Settings(home=Path("home"), workspace=Path("bank"), port=3999))[1:4]
    ['-m', 'bentoml', 'serve']
    """
    return [
        sys.executable, "-m", "bentoml", "serve", SERVICE, "--host", settings.host, "--port", str(settings.port),
    ]  # fmt: skip


def environment(settings: Settings, base: Mapping[str, str]) -> dict[str, str]:
    """Give the environment of that command: where things are, and every form of telemetry off.

    Parameters: `base`, the environment to start from, keys included.
    """
    return {
        **base,
        "TSUGI_HOME": str(settings.home),
        "TSUGI_WORKSPACE": str(settings.workspace),
        "TSUGI_WORKERS": str(settings.workers),
        "BENTOML_DO_NOT_TRACK": "True",
        "OTEL_SDK_DISABLED": "true",
        "BENTOML_HOME": str(settings.home / "bentoml"),
    }


def check(settings: Settings) -> None:
    """Raise a `TsugiError` with one clear line where the service could not start."""
    settings.checked()
    _check_port_is_free(settings)
    workspace = Workspace.load(settings.workspace)
    compiled_catalog(workspace, feature_set_of(workspace))
    contracts_of(workspace)
    check_whose(Home(settings.home), workspace.name)


def _check_port_is_free(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            why = (error.strerror or "").lower()
            field = "port" if error.errno in _OF_A_PORT else "host"
            message = f"cannot listen on {settings.host}:{settings.port}: {why}; choose another --{field}"
            raise UnavailableError(message, field=field) from None


def hold(home: Home) -> int:
    """Take the home's serving lock and give its descriptor, which stays open in the process that serves.

    Raises `UnavailableError` where another service holds it.
    """
    descriptor = os.open(home.create().lock("serving"), os.O_RDWR | os.O_CREAT, 0o600)
    if not any(_takes(descriptor, after) for after in (0.0, *_AGAIN)):
        os.close(descriptor)
        raise UnavailableError(f"another service already serves {home.path}; one home has one service")
    os.set_inheritable(descriptor, True)  # noqa: FBT003  # the standard library's signature
    return descriptor


def _takes(descriptor: int, after: float) -> bool:
    """Whether a lock is taken, some seconds from now."""
    if after:
        sleep(after)
    return taken(descriptor)


_AGAIN = (0.01, 0.05)
"""Seconds between tries: who loads a file looks for a moment whether somebody serves."""


def main(arguments: Sequence[str]) -> int:
    """Become the service, or say in one line why not and give the exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        told = from_environment(os.environ)
        become(replace(told, host=options.host, port=options.port, workers=options.workers or told.workers))
    except TsugiError as error:
        print(f"tsugi serve: {' '.join(error.message.split())}", file=sys.stderr)
    except OSError as error:
        print(f"tsugi serve: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
    return 1


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="tsugi serve", description="Serve decisions over HTTP.")
    parser.add_argument("--host", default=LOOPBACK, help="address to listen on (default: this machine only)")
    parser.add_argument("--port", default=3000, type=int, help="port to listen on (default: 3000)")
    parser.add_argument("--workers", type=int, help="processes that answer (default: TSUGI_WORKERS, else 1)")
    return parser


def become(settings: Settings) -> NoReturn:
    """Replace this process by the service, which then holds the home's lock."""
    check(settings)
    home = Home(settings.home)
    hold(home)
    keep_whose(home, Workspace.load(settings.workspace).name)
    prepare(home.ledger)
    os.execve(sys.executable, command(settings), environment(settings, os.environ))  # noqa: S606  # a fixed command


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
