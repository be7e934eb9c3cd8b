"""A walk: the part of a page that somebody follows from an empty folder: files, commands, requests in their order."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from console_page import BLOCK, DOCS

PROMPT = re.compile(r"^\$ tsugi ", re.MULTILINE)
CODE = re.compile(r"\n?\$ echo \$\?\n(\d+)$")


@dataclass(frozen=True)
class Step:
    """One thing to do. Parameters: `kind`, the language of its block; `text`; `shown`, what the page says it gives."""

    kind: str
    text: str
    shown: str = ""


@dataclass(frozen=True)
class Command:
    """One command. Parameters: `arguments` after `tsugi`; `shown`, what it prints; `code`, with which it ends."""

    arguments: list[str]
    shown: str
    code: int


def steps(page: str, *, until: str) -> Iterator[Step]:
    """The blocks of a page before a heading, the JSON of an answer together with its request."""
    text = (DOCS / page).read_text().split(f"\n{until}\n")[0]
    blocks = [(block[1], block[2]) for block in BLOCK.finditer(text)]
    for (kind, told), (following, answer) in pairwise([*blocks, ("", "")]):
        if kind != "json":
            yield Step(kind, told, answer if following == "json" else "")


def commands(console: str) -> Iterator[Command]:
    """The commands of a console block; one that does not end with 0 says so with `echo $?`."""
    for part in PROMPT.split(console)[1:]:
        line, _, shown = part.partition("\n")
        failed = CODE.search("\n" + shown)
        yield Command(shlex.split(line), CODE.sub("", "\n" + shown).strip("\n"), int(failed[1]) if failed else 0)
