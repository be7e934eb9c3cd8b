"""What the service is told from outside: where its home and workspace are, and who may call."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from decisioning.errors import InvalidInputError

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Settings:
    """The service's configuration, read once.

    Parameters: `home`, the folder of every store; `workspace`, the folder with `tsugi.toml`; `api_keys`, each opens
    every route; `write_keys`, each opens the Segment routes only (a write key stands in public web pages); `host` and
    `port` to listen on.
    """

    home: Path
    workspace: Path
    api_keys: tuple[str, ...] = ()
    write_keys: tuple[str, ...] = ()
    host: str = LOOPBACK
    port: int = 3000

    @property
    def open(self) -> bool:
        """Whether no key is configured: then loopback may call, and nobody else."""
        return not self.api_keys and not self.write_keys

    def checked(self) -> "Settings":
        """Give the settings back where they can be served; `InvalidInputError` says what cannot."""
        _check_port(self.port)
        if self.open and not is_loopback(self.host):
            raise InvalidInputError(
                f"TSUGI_API_KEYS is empty and the host is {self.host}: without a key only {LOOPBACK} may be served",
                field="TSUGI_API_KEYS",
            )
        return self


def _check_port(port: int) -> None:
    if not 0 < port < 65536:
        raise InvalidInputError(f"no such port: {port}; ports are 1 to 65535", field="port")


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read TSUGI_HOME, TSUGI_WORKSPACE and TSUGI_API_KEYS.

    Keys are separated by commas; one written `write:<key>` is a write key.

    >>> settings = from_environment({"TSUGI_WORKSPACE": "/bank", "TSUGI_API_KEYS": "k1, write:w1"})
    >>> settings.api_keys, settings.write_keys, str(settings.home)
    (('k1',), ('w1',), '/bank/.tsugi')
    """
    workspace = Path(environment.get("TSUGI_WORKSPACE") or ".").absolute()
    keys = [key.strip() for key in environment.get("TSUGI_API_KEYS", "").split(",") if key.strip()]
    return Settings(
        home=Path(environment.get("TSUGI_HOME") or workspace / ".tsugi").absolute(),
        workspace=workspace,
        api_keys=tuple(key for key in keys if not key.startswith("write:")),
        write_keys=tuple(key.removeprefix("write:") for key in keys if key.startswith("write:")),
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
