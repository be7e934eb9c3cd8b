r"""JSON's escapes undone in any text, whole JSON or not: `\u00fc` is ü, `\/` is a slash."""

import re
from collections.abc import Iterator

import orjson

_CODES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+")


def readings(text: str) -> Iterator[str]:
    r"""A text as it stands, and where it has escapes also without them: who searches it looks at each.

    >>> list(readings(r'{"userId": "m\u00fcller", "page": "a\/b')) == [
    ...     r'{"userId": "m\u00fcller", "page": "a\/b',
    ...     '{"userId": "müller", "page": "a/b',
    ... ]
    True
    """
    yield text
    if "\\" in text:
        yield _CODES.sub(_characters, text).replace("\\/", "/")


def _characters(codes: re.Match[str]) -> str:
    """What a run of codes spells; half of a pair spells nothing, and stays."""
    try:
        spelt: str = orjson.loads(f'"{codes[0]}"')
    except orjson.JSONDecodeError:
        return codes[0]
    return spelt
