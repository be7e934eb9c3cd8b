"""What cleansing says of one value."""

from typing import Any, NamedTuple


class Cleansed(NamedTuple):
    """A value as it is read.

    Parameters: `value`, cleansed, or as it was sent where that cannot be; `rule`, what changed it ("" where nothing
    did); `note`, why it cannot be cleansed ("" where it can). A value with a note never links identities.
    """

    value: Any
    rule: str = ""
    note: str = ""

    @property
    def usable(self) -> bool:
        """Whether the value is one of its kind."""
        return not self.note


class Circumstances(NamedTuple):
    """What else the reading of a value depends on.

    Parameters: `country`, two letters, "" where it is not known; `date_order`, "DMY", "MDY" or "" (not known);
    `currency`, three letters, of an amount that does not name its own, or "".
    """

    country: str = ""
    date_order: str = ""
    currency: str = ""


def changed(raw: object, value: object, rule: str) -> Cleansed:
    """The verdict of a value that is one of its kind; the rule is named where it changed something."""
    return Cleansed(value, "" if value == raw else rule)
