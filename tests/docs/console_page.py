"""A page of the documentation as a script: its files, its commands, and what each of them is said to print."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(\w+)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)
LEFT_OUT = "…"
"""A line that stands for whatever is printed there."""


class ConsolePage:
    """Parameters: `name` of the page."""

    def __init__(self, name: str) -> None:
        self._blocks = [(block[1], block[2]) for block in BLOCK.finditer((DOCS / name).read_text())]

    def of(self, language: str) -> list[str]:
        """The blocks of one language, in order."""
        return [text for each, text in self._blocks if each == language]

    def commands(self) -> Iterator[tuple[list[str], str]]:
        """The commands of the page in order, each with what it shows."""
        for text in self.of("console"):
            for part in re.split(r"^\$ tsugi ", text, flags=re.MULTILINE)[1:]:
                line, _, shown = part.partition("\n")
                yield shlex.split(line), shown.rstrip("\n")


def agrees(shown: str, printed: str) -> bool:
    """Whether what is shown was printed: all of it, or the parts between what was left out, in their order."""
    pieces = [re.escape(piece) for piece in re.split(rf"^{LEFT_OUT}\n?", shown, flags=re.MULTILINE)]
    return (
        re.fullmatch("(?:.*\n)?".join(pieces), printed.rstrip("\n") + ("\n" if pieces[-1] == "" else ""), re.DOTALL)
        is not None
    )
