"""What commands share: options, the home that is meant, and how a result is printed."""

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from decisioning.errors import InvalidInputError, NotFoundError, TsugiError

if TYPE_CHECKING:
    from features.workspace import Workspace


def past(as_of: datetime | None) -> datetime | None:
    """A moment that is over, and says where on Earth; `typer.BadParameter` of another one."""
    if as_of is None:
        return None
    if as_of.tzinfo is None:
        raise typer.BadParameter(f"{as_of.isoformat()} needs a UTC offset or Z, such as {as_of.isoformat()}Z")
    if as_of > datetime.now(UTC):
        raise typer.BadParameter(f"{as_of.isoformat()} is not over yet; what was known then is not known now")
    return as_of


HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        envvar="TSUGI_HOME",
        help="The folder of every store (default: what tsugi.toml says, else .tsugi in the workspace).",
    ),
]
WorkspaceOption = Annotated[
    Path,
    typer.Option("--workspace", envvar="TSUGI_WORKSPACE", help="The folder with tsugi.toml and catalog.yaml."),
]
AsOfOption = Annotated[
    datetime | None,
    typer.Option(
        callback=past,
        help="Go by what was known then, such as 2026-05-01T00:00:00Z (default: now).",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, for machines.")]

HERE = Path()


def home_of(home: Path | None, workspace: Path) -> Path:
    """The home that is meant: the option, else the variable, else what `tsugi.toml` says, else `.tsugi` beside it.

    Raises `InvalidInputError` where something that is not a folder has that name, `UnavailableError` of a home that was
    made for another workspace.
    """
    from features.home import Home
    from features.whose import check_whose

    read = _read(workspace)
    meant = home or (read and read.home_path) or workspace / ".tsugi"
    if meant.exists() and not meant.is_dir():
        raise InvalidInputError(f"the home {meant} is not a folder; choose another --home", field="home")
    if read:
        check_whose(Home(meant), read.name)
    return meant


def recorded_home(home: Path | None, workspace: Path) -> Path:
    """As `home_of`, where something was ever recorded: a mistyped one is told, and not made.

    Raises `NotFoundError` where there is no ledger, unless the workspace brings a golden record of its own.
    """
    from features.home import Home

    meant = home_of(home, workspace)
    is_meant = home is not None or _read(workspace) is not None
    if not Home(meant).ledger.exists() and is_meant and not is_external(workspace):
        given = "" if home else " (no --home was given)"
        text = f"{meant} has no ledger{given}: nothing was ingested there yet, or the home is another one"
        raise NotFoundError(text, field="home")
    return meant


def is_external(workspace: Path) -> bool:
    """Whether the workspace brings a golden record of its own; not where it cannot be read."""
    read = _read(workspace)
    return read is not None and read.golden_record.mode == "external"


def _read(workspace: Path) -> "Workspace | None":
    """The workspace; None where it cannot be read, which its reader will tell."""
    from features.workspace import Workspace

    try:
        return Workspace.load(workspace)
    except TsugiError:
        return None


def echo(result: Any, *, as_json: bool, words: Callable[[Any], str]) -> None:
    """Print a result: as one JSON object, in which what is no number is null, or in words."""
    print(json.dumps(_plain(result), default=text_of) if as_json else words(result))


def _plain(result: Any) -> Any:
    return _finite(asdict(result) if is_dataclass(result) and not isinstance(result, type) else result)


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def text_of(value: Any) -> str:
    """A value that JSON has no word for."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def note(message: str) -> None:
    """Say how far the work is, on standard error, so that standard output stays for results."""
    print(message, file=sys.stderr, flush=True)
