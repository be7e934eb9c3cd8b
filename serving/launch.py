"""Starts the service as a process: check what can be checked, then become `bentoml serve`."""

import fcntl
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

from decisioning.errors import TsugiError, UnavailableError
from serving.settings import Settings, from_environment

SERVICE = "serving.service:TsugiService"
USAGE = "usage: python -m serving.launch [--host ADDRESS] [--port PORT]"


def command(settings: Settings) -> list[str]:
    """Give the command that serves: BentoML's own, with this interpreter.

        >>> from pathlib import Path
    from typing import NoReturn
        >>> command(Settings(Path("/home"), Path("/bank"), port=3999))[1:]
        ['-m', 'bentoml', 'serve', 'serving.service:TsugiService', '--host', '127.0.0.1', '--port', '3999']
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
        "BENTOML_DO_NOT_TRACK": "True",
        "OTEL_SDK_DISABLED": "true",
        "BENTOML_HOME": str(settings.home / "bentoml"),
    }


def check(settings: Settings) -> None:
    """Raise a `TsugiError` with one clear line where the service could not start."""
    settings.checked()
    _check_port_is_free(settings)


def _check_port_is_free(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            why = (error.strerror or "").lower()
            message = f"cannot listen on {settings.host}:{settings.port}: {why}; choose another --port"
            raise UnavailableError(message, field="port") from None


def hold(home: Path) -> int:
    """Take the home's serving lock and give its descriptor, which stays open in the process that serves.

    Raises `UnavailableError` where another service holds it.
    """
    home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home / "serving.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise UnavailableError(f"another service already serves {home}; one home has one service") from None
    os.set_inheritable(descriptor, True)  # noqa: FBT003  # the standard library's signature
    return descriptor


def main(arguments: Sequence[str]) -> int:
    """Become the service, or say in one line why not and give the exit code: 1, or 2 for wrong usage."""
    options = _options(arguments)
    if options is None:
        print(USAGE, file=sys.stderr)
        return 2
    try:
        become(replace(from_environment(os.environ), **options))
    except TsugiError as error:
        print(f"tsugi serve: {error.message}", file=sys.stderr)
    return 1


def become(settings: Settings) -> NoReturn:
    """Replace this process by the service, which then holds the home's lock."""
    check(settings)
    hold(settings.home)
    os.execve(sys.executable, command(settings), environment(settings, os.environ))  # noqa: S606  # a fixed command


def _options(arguments: Sequence[str]) -> dict[str, str | int] | None:
    """Read `--host` and `--port`; None where the arguments are anything else."""
    pairs = dict(zip(arguments[::2], arguments[1::2], strict=False))
    if len(arguments) % 2 or not pairs.keys() <= {"--host", "--port"} or not pairs.get("--port", "0").isdigit():
        return None
    return {name[2:]: int(value) if name == "--port" else value for name, value in pairs.items()}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
