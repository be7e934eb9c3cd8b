"""What a call of the service may end with besides an answer."""


class ApiError(Exception):
    """The service did not do what was asked. Parameters: `message`, which names no value that was sent."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class UnreachableError(ApiError):
    """No usable answer came, however often it was tried; what was asked may have been done: ask again, same id."""


class RefusedError(ApiError):
    """The service answered with an error.

    Parameters: `status` of HTTP; `code`, stable; `field`, the path of what was wrong, None where no field was.
    """

    def __init__(self, message: str, *, status: int, code: str, field: str | None) -> None:
        super().__init__(f"{message} ({status} {code})")
        self.status, self.code, self.field = status, code, field


class InvalidError(RefusedError):
    """400, 413 or 415: the request itself is wrong."""


class ForbiddenError(RefusedError):
    """401 or 403: the key is not known, or has not the right."""


class MissingError(RefusedError):
    """404: nothing is recorded of this."""


class ConflictingError(RefusedError):
    """409: the id was used before with another content; the first stands."""


class ErasedError(RefusedError):
    """410: it was of a customer who was erased."""


class TooOftenError(RefusedError):
    """429, again and again: the key called more often than it may."""


class BrokenError(RefusedError):
    """5xx: the service cannot answer now, or has a defect."""


_BY_STATUS: dict[int, type[RefusedError]] = {
    400: InvalidError, 413: InvalidError, 415: InvalidError, 401: ForbiddenError, 403: ForbiddenError,
    404: MissingError, 409: ConflictingError, 410: ErasedError, 429: TooOftenError,
}  # fmt: skip


def refusal_of(status: int) -> type[RefusedError]:
    """The error of a status.

    >>> refusal_of(409).__name__, refusal_of(503).__name__, refusal_of(405).__name__
    ('ConflictingError', 'BrokenError', 'RefusedError')
    """
    return _BY_STATUS.get(status, BrokenError if status >= 500 else RefusedError)
