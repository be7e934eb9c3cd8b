"""One call for several placements: as many requests, each with an id of its own that tells which call it is of."""

import re

MOST_PLACEMENTS = 10
"""Placements that one call may name."""
_FURTHER = re.compile(rf"#(?:{'|'.join(map(str, range(2, MOST_PLACEMENTS + 1)))})$")


def request_of_place(call: str, place: int) -> str:
    """The id of the request for a call's nth placement: the first has the call's own.

    >>> request_of_place("page-7", 1), request_of_place("page-7", 2)
    ('page-7', 'page-7#2')
    """
    return call if place == 1 else f"{call}#{place}"


def call_of(request_id: str) -> str:
    """The call that a request is of, by its id.

    >>> call_of("page-7"), call_of("page-7#2"), call_of("page-7#1"), call_of("page-7#2#3")
    ('page-7', 'page-7', 'page-7#1', 'page-7#2')
    """
    return _FURTHER.sub("", request_id)
