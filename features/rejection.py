"""What is refused at the border, with its reason; the rest of the batch is kept."""

from dataclasses import dataclass

from decisioning.errors import InvalidInputError

MAX_SHOWN = 40


class RejectedEventError(InvalidInputError):
    """An event or an outcome does not meet the contract.

    Parameters: `code`, stable; `field`, the path within the event ("" for the whole); `message` names the field
    and what is allowed, never a personal value.
    """

    code = "rejected"

    def __init__(self, code: str, field: str, message: str) -> None:
        super().__init__(message, code=code, field=field)


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refused element of a batch: its place (from 0), a stable code, the field and the reason.

    Parameters: `taken`, the element was taken all the same: the workspace asked for a warning only.
    """

    index: int
    code: str
    field: str
    message: str
    taken: bool = False

    @classmethod
    def of(cls, index: int, error: InvalidInputError, *, taken: bool = False) -> "Rejection":
        """The rejection that an error means at this place of the batch."""
        return cls(index, error.code, error.field or "", error.message, taken)


def shown(value: object) -> str:
    """A value, short enough for an error message.

    >>> shown("x" * 50)[-3:]
    '...'
    """
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 3] + "..."
