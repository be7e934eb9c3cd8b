"""The maps as they were last drawn for everybody, kept in the home for whoever serves them."""

import os
from pathlib import Path
from typing import Any

import orjson

from decisioning.errors import NotFoundError, UnavailableError


def keep(path: Path, document: dict[str, Any]) -> None:
    """Put the document where it is read; readers see the old one or the new one whole."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    partial.write_bytes(orjson.dumps(document))
    partial.replace(path)


def kept(path: Path) -> bytes:
    """The document as JSON. Raises `NotFoundError` where none was drawn, `UnavailableError` where it is unreadable."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError("no map of the journeys was drawn yet; run `tsugi journeys`", field=None) from None
    except OSError as error:
        raise UnavailableError(f"{path} cannot be read: {error.strerror}") from error
