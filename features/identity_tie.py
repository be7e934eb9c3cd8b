"""Ties between identifiers, and the customers that they make where something stands against making all of them one.

Where nothing does, a customer is everything that ties reach. Otherwise ties are taken in an order that depends on the
records alone, the strongest first, and one that would join what must stay apart is refused.
"""

from collections.abc import Callable, Iterable, Mapping
from math import inf
from typing import NamedTuple

from features.identifier import IDENTIFIER_KINDS, Identifier
from features.identity_cluster import Cluster, First, Node
from features.identity_word import Word

Ties = Callable[[Node], Iterable["Tie"]]
Apart = Mapping[Node, frozenset[Node]]
_CERTAIN, _NAMED, _SAID = range(3)
_NEVER: First = (2**62, "")


class Tie(NamedTuple):
    """Two identifiers that a record names together, or that a word says are one. Parameters: `word`, the last one."""

    one: Node
    other: Node
    word: Word | None = None


class Partition(NamedTuple):
    """The customers that ties make, and the ties that were refused, each with its reason."""

    parts: list[set[Node]]
    refused: list[tuple[Tie, str]]


def standing(node: Node, named: Iterable[Node], words: Iterable[tuple[Node, Word]]) -> list[Tie]:
    """The ties of an identifier that count: a word beats a record, and what is dissolved is tied by certain words only.

    Parameters: `named`, what records name together with it; `words`, the last ones on it.
    """
    said = dict(words)
    ties = [Tie(node, other) for other in named if other not in said]
    together = set(named) & said.keys()
    for other, word in said.items():
        if word.merged:
            ties.append(Tie(node, other, None if other in together and not word.certain else word))
    return [tie for tie in ties if (tie.word and tie.word.certain) or not (node.dissolved or tie.other.dissolved)]


def affected(seed: Node, ties: Ties, cluster_of: Callable[[Node], Cluster]) -> list[set[Node]]:
    """Everything that is or was one customer with an identifier, as sets that ties connect."""
    found: list[set[Node]] = []
    seen: set[Node] = set()
    ahead = [seed]
    while ahead:
        node = ahead.pop()
        if node in seen:
            continue
        found.append(reachable(node, ties))
        seen |= found[-1]
        clusters = {id(cluster): cluster for cluster in map(cluster_of, found[-1])}
        ahead.extend(member for cluster in clusters.values() for member in cluster.members)
    return found


def reachable(start: Node, ties: Ties) -> set[Node]:
    """Every identifier that ties lead to."""
    found, ahead = {start}, [start]
    while ahead:
        for tie in ties(ahead.pop()):
            if tie.other not in found:
                found.add(tie.other)
                ahead.append(tie.other)
    return found


def partition(nodes: set[Node], ties: Ties, apart: Apart) -> Partition:
    """Make customers of identifiers that ties connect.

    Parameters: `apart`, by identifier those that a word says it does not belong to.
    """
    if not any(others & nodes for others in apart.values()):
        return Partition([nodes], [])
    part = {node: {node} for node in nodes}
    refused = []
    for tie in sorted((tie for node in nodes for tie in ties(node) if is_first_of_pair(tie)), key=_order):
        one, other = part[tie.one], part[tie.other]
        if one is other:
            continue
        if any(apart[node] & other for node in one if node in apart):
            refused.append((tie, UNMERGED))
            continue
        one |= other
        part.update(dict.fromkeys(other, one))
    return Partition(list({id(each): each for each in part.values()}.values()), refused)


def is_first_of_pair(tie: Tie) -> bool:
    """Whether this is the one of a tie's two directions that stands for both."""
    return _name(tie.one) < _name(tie.other)


def _order(tie: Tie) -> tuple[int, float, int, First, Identifier, Identifier]:
    """Certain words, then what records name together by the strength of its kinds, then words by their weight."""
    named = (min(tie.one.first or _NEVER, tie.other.first or _NEVER), _name(tie.one), _name(tie.other))
    if tie.word is None:
        return _NAMED, 0.0, max(map(_weakness, tie[:2])), *named
    weight = inf if tie.word.weight is None else tie.word.weight
    return _CERTAIN if tie.word.certain else _SAID, -weight, 0, *named


def _weakness(node: Node) -> int:
    return IDENTIFIER_KINDS.index(node.kind)


def _name(node: Node) -> Identifier:
    return node.kind, node.value


UNMERGED = "unmerged"
"""The reason of a refused tie: a word says that some of what it would join does not belong together."""
