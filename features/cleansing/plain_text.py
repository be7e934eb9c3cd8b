"""Plain text: one form of each character, single spaces."""

import unicodedata

from features.cleansing.verdict import Circumstances, Cleansed, changed

RULE = "text: normal form, single spaces"
EMPTY = frozenset({"", "-", "--", "?", ".", "n/a", "na", "none", "null", "nil", "unknown", "undefined"})
"""What people and programs write where they have nothing to say."""


def spaced(text: str) -> str:
    """The text in Unicode's composed form, without spaces around it and with single ones within.

    >>> spaced("  Calle   Mayor 1 ")
    'Calle Mayor 1'
    """
    return " ".join(unicodedata.normalize("NFC", text).split())


def says_nothing(text: str) -> bool:
    """Whether a text only fills a place.

    >>> says_nothing(" N/A "), says_nothing("Ube")
    (True, False)
    """
    return spaced(text).casefold() in EMPTY


def cleansed_text(text: str, _: Circumstances) -> Cleansed:
    """The text as `spaced` gives it.

    >>> cleansed_text("Ube", Circumstances())
    Cleansed(value='Ube', rule='', note='')
    """
    return changed(text, spaced(text), RULE)
