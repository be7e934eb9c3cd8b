"""On which line of a TOML file each of its keys stands, which the parser does not tell."""

import re
from collections import Counter

from decisioning.catalog_problem import Path

_HEAD = re.compile(r"\s*(\[\[?)([^\[\]]+)\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([\w\"'.\- ]+?)\s*=")


def lines_of(text: str) -> dict[Path, int]:
    r"""The line, from 1, of every table and key that has one of its own; what stands inside a value has none.

    >>> lines_of("[goal]\nhorizon = 3\n[[goal.rewards]]\nvalue = 1.0")[("goal", "rewards", 0, "value")]
    4
    """
    lines: dict[Path, int] = {}
    section: Path = ()
    met = Counter[Path]()
    for number, line in enumerate(text.splitlines(), 1):
        if head := _HEAD.match(line):
            section = _names(head[2])
            if head[1] == "[[":
                met[section] += 1
                section = (*section, met[section] - 1)
            lines.setdefault(section, number)
        elif key := _KEY.match(line):
            lines.setdefault((*section, *_names(key[1])), number)
    return lines


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(name.strip().strip("\"'") for name in dotted.split("."))
