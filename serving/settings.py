"""What the service is told from outside: where its home and workspace are, and who may call."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from decisioning.errors import InvalidInputError
from serving.api_key import ApiKey, keys_in

LOOPBACK = "127.0.0.1"
MOST_WORKERS = 64


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's configuration, read once.

    Parameters: `home`, the folder of every store; `workspace`, the folder with `tsugi.toml`; `keys` that open it;
    `host` and `port` to listen on; `workers`, processes that answer; `worker`, which of several this one is.
    """

    home: Path
    workspace: Path
    keys: tuple[ApiKey, ...] = ()
    host: str = LOOPBACK
    port: int = 3000
    workers: int = 1
    worker: str = ""

    @property
    def open(self) -> bool:
        """Whether no key is configured: then loopback may call, and nobody else."""
        return not self.keys

    def checked(self) -> "Settings":
        """Give the settings back where they can be served; `InvalidInputError` says what cannot."""
        _check_port(self.port)
        _check_workers(str(self.workers))
        if self.open and not is_loopback(self.host):
            raise InvalidInputError(
                f"TSUGI_API_KEYS is empty and the host is {self.host}: without a key only {LOOPBACK} may be served",
                field="TSUGI_API_KEYS",
            )
        return self


def _check_port(port: int) -> None:
    if not 0 < port < 65536:
        raise InvalidInputError(f"no such port: {port}; ports are 1 to 65535", field="port")


def _check_workers(said: str) -> None:
    if not said.isdecimal() or not 0 < int(said[:9]) <= MOST_WORKERS:
        message = f"TSUGI_WORKERS (--workers) is {said[:20]!r}; a number from 1 to {MOST_WORKERS} is allowed"
        raise InvalidInputError(message, field="TSUGI_WORKERS")


def workers_in(environment: Mapping[str, str]) -> int:
    """How many processes answer, by TSUGI_WORKERS. Raises `InvalidInputError` of what is no such number.

    >>> workers_in({}), workers_in({"TSUGI_WORKERS": "2"})
    (1, 2)
    """
    said = environment.get("TSUGI_WORKERS") or "1"
    _check_workers(said)
    return int(said)


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read TSUGI_HOME, TSUGI_WORKSPACE, TSUGI_API_KEYS and TSUGI_WORKERS.

    Raises `InvalidInputError` of a key whose rights or rate are none, and of a number of workers that is none.

    >>> settings = from_environment({"TSUGI_WORKSPACE": "/bank", "TSUGI_API_KEYS": "k1, write:w1"})
    >>> len(settings.keys), str(settings.home)
    (2, '/bank/.tsugi')
    """
    workspace = Path(environment.get("TSUGI_WORKSPACE") or ".").absolute()
    return Settings(
        home=Path(environment.get("TSUGI_HOME") or workspace / ".tsugi").absolute(),
        workspace=workspace,
        keys=keys_in(environment.get("TSUGI_API_KEYS", "")),
        workers=workers_in(environment),
    )


def is_loopback(host: str) -> bool:
    """Whether a host address is this machine itself.

    >>> is_loopback("127.0.0.1"), is_loopback("0.0.0.0"), is_loopback("localhost")
    (True, False, True)
    """
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
