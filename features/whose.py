"""Whose a home is: the workspace that it was made for, by name, so that no other one works on it by mistake."""

from decisioning.errors import UnavailableError
from features.home import Home
from features.replace_file import replace_file

_ENCODING = "utf-8"


def keep_whose(home: Home, workspace: str) -> None:
    """Note the workspace of a home of which none is noted. Raises `UnavailableError` where it cannot be written."""
    if whose(home):
        return
    try:
        replace_file(home.workspace, f"{workspace}\n".encode(_ENCODING))
    except OSError as error:
        raise UnavailableError(f"{home.workspace} cannot be written: {error.strerror or error}", field="home") from None


def check_whose(home: Home, workspace: str) -> None:
    """Raise `UnavailableError` where a home was made for another workspace, whose customers and contacts are in it."""
    made_for = whose(home)
    if made_for not in ("", workspace):
        message = (
            f"the home {home.path} was made for the workspace {made_for!r}, and this one is {workspace!r}: choose "
            f"another --home; of a workspace that was renamed, write the new name into {home.workspace}"
        )
        raise UnavailableError(message, field="home")


def whose(home: Home) -> str:
    """The name of the workspace that a home was made for; "" where it is not known.

    Raises `UnavailableError` where it cannot be read.

    >>> from pathlib import Path
    >>> whose(Home(Path("nowhere")))
    ''
    """
    try:
        return home.workspace.read_text(_ENCODING, errors="replace").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise UnavailableError(f"{home.workspace} cannot be read: {error.strerror or error}", field="home") from None
