"""What can be told of conditions without any customer: whether one is ever TRUE, and whether one implies another.

A condition becomes boxes: alternatives, each of which limits some features to an interval, to some words, or to being
unknown. What cannot be said so (arithmetic, two features compared) limits nothing, and its box is called inexact: a
box is never smaller than the truth.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from math import inf
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from decisioning.condition_tree import (
    CONTEXT,
    Always,
    Among,
    Comparison,
    Constant,
    Every,
    Missing,
    Name,
    Negation,
    Operator,
    Some,
    Truth,
)

MOST = 256
"""Boxes that one condition may need; beyond, nothing is told of it."""
Bound = tuple[float, int]
"""A bound and 0, or what an open one adds to its place: 1 below, -1 above."""
Limit = tuple[Bound, Bound] | frozenset[str] | None
"""What a feature may be: a number between two bounds, one of some words, or (None) unknown."""
Vocabulary = Mapping[str, Sequence[str]]
"""The words of each category; a fact of the moment may be any word, and any number."""

_FLIPPED: Mapping[Operator, Operator] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_OPPOSITE: Mapping[Operator, Operator] = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_HOLDS: Mapping[Operator, Callable[[Any, Any], bool]] = {"=": eq, "<>": ne, "<": lt, "<=": le, ">": gt, ">=": ge}


@dataclass(frozen=True, slots=True)
class Box:
    """One alternative. Parameters: `limits`, by feature; `exact`, whether it is all that is asked."""

    limits: Mapping[str, Limit] = field(default_factory=dict)
    exact: bool = True

    def within(self, other: "Box") -> bool:
        """Whether all in this box is in the other."""
        return all(name in self.limits and _inside(self.limits[name], each) for name, each in other.limits.items())


def never_true(tree: Truth, vocabulary: Vocabulary) -> bool:
    """Whether no customer at all can make the condition TRUE, as far as boxes tell.

    >>> low, high = Comparison("<", Name("age"), Constant(8.0)), Comparison(">", Name("age"), Constant(9.0))
    >>> never_true(Every((low, high)), {}), never_true(Some((low, high)), {})
    (True, False)
    """
    return not boxes(tree, vocabulary)


def implies(tree: Truth, other: Truth, vocabulary: Vocabulary) -> bool:
    """Whether the other is TRUE wherever the first is, as far as boxes tell."""
    wide = _merged([box for box in boxes(other, vocabulary) if box.exact])
    return all(any(box.within(each) for each in wide) for box in boxes(tree, vocabulary))


def boxes(tree: Truth, vocabulary: Vocabulary) -> list[Box]:
    """The alternatives under which a condition is TRUE; none where it never is."""
    found = list(_true(tree, vocabulary))
    return found if len(found) <= MOST else [Box(exact=False)]


def _true(tree: Truth, words: Vocabulary) -> Iterator[Box]:
    match tree:
        case Always(truth):
            yield from [Box()] if truth else []
        case Comparison(operator, Constant(left), Constant(right)):
            yield from [Box()] if _holds(operator, left, right) else []
        case Comparison(operator, Name(name), Constant(constant)):
            yield from _compared(name, operator, constant, words)
        case Comparison(operator, Constant(constant), Name(name)):
            yield from _compared(name, _FLIPPED[operator], constant, words)
        case Among(Name(name), options):
            for option in options:
                yield from _compared(name, "=", option, words)
        case Missing(Name(name)):
            yield Box({name: None})
        case Negation(inner):
            opposite = _opposite(inner)
            yield from [_known_or_any(inner, words)] if opposite is None else _true(opposite, words)
        case _:
            yield from _joined(tree, words)


def _joined(tree: Truth, words: Vocabulary) -> Iterator[Box]:
    match tree:
        case Every(parts):
            yield from _every([boxes(part, words) for part in parts])
        case Some(parts):
            for part in parts:
                yield from _true(part, words)
        case _:
            yield Box(exact=False)


def _opposite(tree: Truth) -> Truth | None:
    """The condition that is TRUE where this one is FALSE, pushed inwards; None where there is no such tree."""
    match tree:
        case Always(truth):
            return Always(not truth)
        case Comparison(operator, left, right):
            return Comparison(_OPPOSITE[operator], left, right)
        case Among(value, options):
            return Every(tuple(Comparison("<>", value, Constant(option)) for option in options))
        case Negation(inner):
            return inner
        case Every(parts):
            return Some(tuple(Negation(part) for part in parts))
        case Some(parts):
            return Every(tuple(Negation(part) for part in parts))
        case _:
            return None


def _known_or_any(tree: Truth, words: Vocabulary) -> Box:
    """`NOT (x IS NULL)`."""
    if isinstance(tree, Missing) and isinstance(tree.value, Name) and not _is_free(tree.value.name, words):
        return Box({tree.value.name: _anything(tree.value.name, words)})
    return Box(exact=False)


def _is_free(name: str, words: Vocabulary) -> bool:
    """Whether nobody says what it may be: a fact of the moment, which whoever asks tells as they like."""
    return name.startswith(CONTEXT) and name not in words


def _anything(name: str, words: Vocabulary) -> Limit:
    return frozenset(words[name]) if name in words else ((-inf, 0), (inf, 0))


def _holds(operator: Operator, left: float | str, right: float | str) -> bool:
    """Of two constants; of two kinds, which no condition compares, nothing holds."""
    return isinstance(left, str) == isinstance(right, str) and _HOLDS[operator](left, right)


def _compared(name: str, operator: Operator, constant: float | str, words: Vocabulary) -> Iterator[Box]:
    if isinstance(constant, str) and _is_free(name, words):
        yield Box({name: frozenset({constant})}) if operator == "=" else Box(exact=False)
    elif isinstance(constant, str):
        said = frozenset(word for word in words.get(name, ()) if _HOLDS[operator](word, constant))
        yield from [Box({name: said})] if said else []
    elif name not in words:
        yield from (Box({name: limit}) for limit in _INTERVALS[operator](constant))


_INTERVALS: Mapping[Operator, Callable[[float], list[tuple[Bound, Bound]]]] = {
    "=": lambda x: [((x, 0), (x, 0))],
    "<>": lambda x: [((-inf, 0), (x, -1)), ((x, 1), (inf, 0))],
    "<": lambda x: [((-inf, 0), (x, -1))],
    "<=": lambda x: [((-inf, 0), (x, 0))],
    ">": lambda x: [((x, 1), (inf, 0))],
    ">=": lambda x: [((x, 0), (inf, 0))],
}


def _every(alternatives: Sequence[Sequence[Box]]) -> Iterator[Box]:
    n_boxes = 1
    for each in alternatives:
        n_boxes *= len(each)
    if n_boxes > MOST:
        yield Box(exact=False)
        return
    for chosen in product(*alternatives):
        both = _both(chosen)
        if both is not None:
            yield both


def _both(chosen: Sequence[Box]) -> Box | None:
    """All limits at once; None where they contradict each other."""
    limits: dict[str, Limit] = {}
    for name, limit in (pair for box in chosen for pair in box.limits.items()):
        met = _met(limits[name], limit) if name in limits else (limit,)
        if not met:
            return None
        limits[name] = met[0]
    return Box(limits, exact=all(box.exact for box in chosen))


def _met(a: Limit, b: Limit) -> tuple[Limit, ...]:
    """What both limits allow, alone in a tuple; empty where that is nothing."""
    if isinstance(a, frozenset) and isinstance(b, frozenset):
        return (a & b,) if a & b else ()
    if isinstance(a, tuple) and isinstance(b, tuple):
        low, high = max(a[0], b[0]), min(a[1], b[1])
        return ((low, high),) if low <= high else ()
    return (None,) if a is None and b is None else ()


def _merged(apart: Sequence[Box]) -> list[Box]:
    """The same alternatives, those that are one box together as one: below 1 or above 0 is any number."""
    for a, b in combinations(apart, 2):
        one = _together(a, b)
        if one is not None:
            return _merged([one, *(box for box in apart if box is not a and box is not b)])
    return list(apart)


def _together(a: Box, b: Box) -> Box | None:
    """The one box that is both; None where both leave a gap, or fill no box."""
    differ = [name for name in a.limits if name not in b.limits or a.limits[name] != b.limits[name]]
    if a.limits.keys() != b.limits.keys() or len(differ) > 1:
        return None
    if not differ:
        return a
    limit = _either(a.limits[differ[0]], b.limits[differ[0]])
    return None if limit is None else Box({**a.limits, differ[0]: limit})


def _either(a: Limit, b: Limit) -> Limit:
    """What one of two limits allows, where that is one limit; None where it is not."""
    if isinstance(a, frozenset) and isinstance(b, frozenset):
        return a | b
    if isinstance(a, tuple) and isinstance(b, tuple):
        first, second = sorted((a, b))
        touches = second[0] <= (first[1][0], first[1][1] + 1)
        return (first[0], max(first[1], second[1])) if touches else None
    return None


def _inside(a: Limit, b: Limit) -> bool:
    if isinstance(a, frozenset) and isinstance(b, frozenset):
        return a <= b
    if isinstance(a, tuple) and isinstance(b, tuple):
        return a[0] >= b[0] and a[1] <= b[1]
    return a is None and b is None
