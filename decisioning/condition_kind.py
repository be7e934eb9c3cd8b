"""What the values of a condition mean: numbers, words, moments, durations; and which of them go together."""

from collections.abc import Mapping
from typing import Literal

from decisioning.condition_tree import Arithmetic, Constant, Name, Value

Meaning = Literal["number", "word", "moment", "duration"]
Kinds = Mapping[str, Meaning]
"""What each name means, as far as that is known."""
_SUMS: Mapping[tuple[str, Meaning, Meaning], Meaning] = {
    ("+", "number", "number"): "number",
    ("+", "moment", "duration"): "moment",
    ("+", "duration", "moment"): "moment",
    ("+", "duration", "duration"): "duration",
    ("-", "number", "number"): "number",
    ("-", "moment", "moment"): "duration",
    ("-", "moment", "duration"): "moment",
    ("-", "duration", "duration"): "duration",
    ("*", "number", "number"): "number",
    ("*", "duration", "number"): "duration",
    ("*", "number", "duration"): "duration",
    ("/", "number", "number"): "number",
    ("/", "duration", "number"): "duration",
    ("/", "duration", "duration"): "number",
}


class UnlikeError(Exception):
    """Two values that do not go together. Parameters: `left` and `right`, what they mean; `operator` between them."""

    def __init__(self, left: Meaning, operator: str, right: Meaning) -> None:
        super().__init__(f"a {left} {operator} a {right}")


def meaning(value: Value, kinds: Kinds) -> Meaning | None:
    """What a value means, None where a name in it is not known. Raises `UnlikeError` of what cannot be computed.

    >>> from decisioning.condition_tree import Arithmetic, Constant, Name
    >>> meaning(Arithmetic("-", Name("now"), Name("last_order")), {"now": "moment", "last_order": "moment"})
    'duration'
    """
    match value:
        case Name(name):
            return kinds.get(name)
        case Constant(str()):
            return "word"
        case Constant(_, of):
            return of or "number"
        case Arithmetic(operator, left, right):
            return _computed(operator, meaning(left, kinds), meaning(right, kinds))


def _computed(operator: str, left: Meaning | None, right: Meaning | None) -> Meaning | None:
    if left is None or right is None:
        return None
    if (operator, left, right) not in _SUMS:
        raise UnlikeError(left, operator, right)
    return _SUMS[operator, left, right]


def check_alike(left: Value, operator: str, right: Value, kinds: Kinds) -> None:
    """Raise `UnlikeError` where two values are known to be of different kinds."""
    meanings = meaning(left, kinds), meaning(right, kinds)
    if meanings[0] and meanings[1] and meanings[0] != meanings[1]:
        raise UnlikeError(meanings[0], operator, meanings[1])
