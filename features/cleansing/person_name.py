"""Names of people (nameparser): order, spaces and, where a name is all in one case, capitals.

The library is imported when the first name is read: a command that reads none should not wait for it.
"""

from functools import lru_cache, partial
from typing import Literal

from features.cleansing.plain_text import spaced
from features.cleansing.verdict import Circumstances, Cleansed, changed

RULE = "name: order, spaces, capitals"
NO_NAME = "no name of a person"


def cleansed_name(text: str, _: Circumstances) -> Cleansed:
    """A whole name, given name first. A name of mixed case keeps it: people know how they are called.

    >>> cleansed_name("DE LA VEGA,  JUAN", Circumstances()).value
    'Juan de la Vega'
    >>> cleansed_name("Ronald McDonald", Circumstances()).rule
    ''
    """
    return changed(text, _whole(spaced(text)), RULE) if _is_name(text) else Cleansed(text, note=NO_NAME)


def _cleansed_part(text: str, _: Circumstances, *, part: Literal["first", "last"]) -> Cleansed:
    return changed(text, _part(spaced(text), part), RULE) if _is_name(text) else Cleansed(text, note=NO_NAME)


cleansed_first_name = partial(_cleansed_part, part="first")
cleansed_last_name = partial(_cleansed_part, part="last")


def _is_name(text: str) -> bool:
    return "@" not in text and any(map(str.isalpha, text)) and not any(map(str.isdecimal, text))


@lru_cache(maxsize=65_536)
def _whole(text: str) -> str:
    from nameparser import HumanName

    name = HumanName(text)
    name.capitalize()
    return str(name)


@lru_cache(maxsize=65_536)
def _part(text: str, part: Literal["first", "last"]) -> str:
    from nameparser import HumanName

    name = HumanName(first=text) if part == "first" else HumanName(last=text)
    name.capitalize()
    return str(name)
