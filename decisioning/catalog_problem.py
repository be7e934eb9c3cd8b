"""What is wrong with a catalogue file: each problem with its line, all of them in one error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from decisioning.errors import CatalogError

MOST_REPORTED = 10
"""Problems one error spells out; the rest is counted."""
Path = tuple[str | int, ...]
Lines = Mapping[Path, int]
"""The line of each field of the file, from 1."""
_PLAINER = {
    "Input should be a valid dictionary": "expected a mapping",
    "Input should be a valid string": "expected a text",
    "Input should be a valid list": "expected a list",
    "Input should be a valid": "expected a",
    "Input should be greater": "expected a number greater",
    "Input should be less": "expected a number less",
    "Input should be": "expected",
    "Value error, ": "",
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Parameters: `path` of the field, `text` with what was given and what is allowed.
    """

    path: Path
    text: str

    def located(self, source: str, lines: Lines) -> str:
        """The problem with its file, line and field."""
        return f"{source}:{line_of(self.path, lines)}: {dotted(self.path)}: {self.text}"


def dotted(path: Path) -> str:
    """Write a path as people do.

    >>> dotted(("contact_policy", "caps", 0, "only")), dotted(())
    ('contact_policy.caps[0].only', 'the file')
    """
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "".join(steps).lstrip(".") or "the file"


def line_of(path: Path, lines: Lines) -> int:
    """Find the line of a field, or of the nearest one around it that is there.

    >>> line_of(("actions", "card", "value"), {(): 1, ("actions", "card"): 7})
    7
    """
    around = (path[:length] for length in range(len(path), -1, -1))
    return next((lines[known] for known in around if known in lines), 1)


def shown(value: object) -> str:
    """Show a value as it was given, shortened."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def one_of(given: str, allowed: Sequence[str], *, what: str) -> str:
    """Say that a name does not exist, and which do.

    >>> one_of("fax", ["web", "email"], what="channel")
    "unknown channel 'fax'; allowed are web, email"
    >>> one_of("emial", ["web", "email"], what="channel")
    "unknown channel 'emial', did you mean email? Allowed are web, email"
    """
    near = get_close_matches(given, allowed, n=1)
    names = ", ".join(allowed) or "none, as none is declared"
    return f"unknown {what} {given!r}{f', did you mean {near[0]}? A' if near else '; a'}llowed are {names}"


def plainly(message: str, given: object) -> str:
    """Turn a validation message into what was given and what is expected.

    >>> plainly("Input should be a valid number", "eighty")
    "got 'eighty', expected a number"
    """
    for formal, plain in _PLAINER.items():
        message = message.replace(formal, plain)
    return f"got {shown(given)}, {message}"


def catalog_error(problems: Sequence[Problem], *, source: str, lines: Lines) -> CatalogError:
    """One error over all problems in the order of the file, at most ten spelled out."""
    ordered = sorted(problems, key=lambda problem: line_of(problem.path, lines))
    told = [problem.located(source, lines) for problem in ordered[:MOST_REPORTED]]
    if len(ordered) > MOST_REPORTED:
        told.append(f"... and {len(ordered) - MOST_REPORTED} more problems")
    return CatalogError("\n".join(told), field=dotted(ordered[0].path))
