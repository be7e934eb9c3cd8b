"""Errors of the domain: each names what was given and what is allowed, and carries a stable code."""


class TsugiError(Exception):
    """The base of every error that a caller is meant to read.

    Parameters: `message` for people; `code`, stable and machine-readable; `field`, the path of the offending field
    where there is one.

    >>> str(TsugiError("no such channel: fax", field="channel"))
    'no such channel: fax'
    """

    code = "error"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.field = field


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
