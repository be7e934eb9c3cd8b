"""Errors of the domain: each names what was given and what is allowed, and carries a stable code."""

import re

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def as_word(text: str) -> str:
    """A name that was given, for a message; not where it does not look like one, for it may be somebody's data.

    >>> as_word("attic"), as_word("ana@example.org")
    ("'attic'", '(not a name)')
    """
    return repr(text) if _WORD.fullmatch(text) else "(not a name)"


class TsugiError(Exception):
    """The base of every error that a caller is meant to read.

    Parameters: `message` for people; `code`, stable and machine-readable; `field`, the path of the offending field
    where there is one; `passing`, whether it says nothing of what was given: the same may be good when tried again.

    >>> str(TsugiError("no such channel: fax", field="channel"))
    'no such channel: fax'
    """

    code = "error"
    passing = False

    def __init__(
        self, message: str, *, code: str | None = None, field: str | None = None, passing: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.field = field
        self.passing = passing or self.passing


class InvalidInputError(TsugiError):
    """What was given does not meet the contract."""

    code = "invalid_input"


class CatalogError(InvalidInputError):
    """A catalogue, or a condition in it, cannot be used."""

    code = "invalid_catalog"


class NotFoundError(TsugiError):
    """What was named does not exist."""

    code = "not_found"


class ErasedError(NotFoundError):
    """What was named was erased: on its customer's demand, or because it was kept long enough."""

    code = "erased"


class ConflictError(TsugiError):
    """The same id was used before with a different body; the first one stands."""

    code = "conflict"


class StaleContactsError(TsugiError):
    """The customer's contact history changed between reading it and recording a decision; decide again."""

    code = "stale_contacts"


class ArtifactError(TsugiError):
    """A model artifact is missing, altered or unusable; it is never loaded."""

    code = "invalid_artifact"


class UnavailableError(TsugiError):
    """A component that is needed cannot answer now."""

    code = "unavailable"
    passing = True


def shortened(text: str) -> str:
    """The text on one line, of at most 120 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 120 else f"{line[:117]}..."
