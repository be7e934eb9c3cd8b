"""Whose a home is: the workspace that it was made for, by name, so that it is not served for another by mistake."""

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
