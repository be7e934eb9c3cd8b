"""Ties between identifiers, and the customers that they make where something stands against making all of them one.

Where nothing does, a customer is everything that ties reach. Otherwise ties are taken in an order that depends on the
records alone, the strongest first, and one that would join what must stay apart is refused. What is certain joins the
customers that records make, and not single identifiers of them, so it comes after what records name together.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from features.identifier import IDENTIFIER_KINDS, Identifier
from features.identity_cluster import Cluster, First, Node, Refusal
from features.identity_fact import disagree
from features.identity_word import Word

Ties = Callable[[Node], Iterable["Tie"]]
Apart = Mapping[Node, frozenset[Node]]
_NAMED, _CERTAIN, _SAID = range(3)
_NEVER: First = (2**62, "")


class Tie(NamedTuple):
    """Two identifiers that a record names together, or that a word says are one. Parameters: `word`, the last one."""

    one: Node
    other: Node
    word: Word | None = None

    @property
    def is_certain(self) -> bool:
        """Whether somebody said so knowing what stands against it."""
        return self.word is not None and self.word.certain


class Guards(NamedTuple):
    """What may stand against one customer.

    Parameters: `apart`, by identifier those that a word says it does not belong to; `facts`, the hard facts of those
    that have any; `max_cluster_size`, in identifiers.
    """

    apart: Apart
    facts: Mapping[Node, Mapping[str, str]]
    max_cluster_size: int

    def concern(self, nodes: set[Node]) -> bool:
        """Whether anything stands against one customer of all these."""
        if len(nodes) > self.max_cluster_size or any(others & nodes for others in self.apart.values()):
            return True
        return bool(disagree(self.facts.values()))


class Partition(NamedTuple):
    """The customers that ties make, and the ties that were refused."""

    parts: list[set[Node]]
    refused: list[Refusal]


@dataclass(slots=True, eq=False)
class _Group:
    """A customer in the making. Parameters: `facts`, by name every value that is stated of a member."""

    members: set[Node]
    facts: dict[str, frozenset[str]]

    def absorb(self, other: "_Group") -> None:
        self.members |= other.members
        for name, values in other.facts.items():
            self.facts[name] = self.facts.get(name, frozenset()) | values


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
    return [tie for tie in ties if tie.is_certain or not (node.dissolved or tie.other.dissolved)]


def private(tie: Tie, n_users: Callable[[Node], int]) -> bool:
    """Whether a tie joins a user id and an identifier that was named together with no other user id."""
    kinds = tie.one.kind == "user_id", tie.other.kind == "user_id"
    return kinds[0] != kinds[1] and n_users(tie.other if kinds[0] else tie.one) == 1


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


def partition(nodes: set[Node], ties: Ties, guards: Guards) -> Partition:
    """Make customers of identifiers that ties connect, and of which guards concern some."""
    facts = guards.facts
    groups = {node: _Group({node}, {k: frozenset((v,)) for k, v in facts.get(node, {}).items()}) for node in nodes}
    refused: list[Refusal] = []
    for tie in sorted((tie for node in nodes for tie in ties(node) if is_first_of_pair(tie)), key=_order):
        one, other = groups[tie.one], groups[tie.other]
        if one is other:
            continue
        reason = _against(one, other, tie, guards)
        if reason:
            refused.append(Refusal(tie.one, tie.other, reason, tie.word is not None))
        else:
            one.absorb(other)
            groups.update(dict.fromkeys(other.members, one))
    parts = [group.members for group in dict.fromkeys(groups.values())]
    return Partition(parts, [each for each in refused if groups[each.one] is not groups[each.other]])


def _against(one: _Group, other: _Group, tie: Tie, guards: Guards) -> str:
    """What stands against one customer of two: a word always, the rest unless it is certain; "" where nothing does."""
    apart = guards.apart
    if any(apart[node] & other.members for node in one.members if node in apart):
        return UNMERGED
    if tie.is_certain:
        return ""
    shared = sorted(one.facts.keys() & other.facts.keys())
    names = [name for name in shared if not _agree(one.facts[name], other.facts[name])]
    if names:
        return f"{CONFLICTING}{', '.join(names)}"
    is_large = tie.word is not None and len(one.members) + len(other.members) > guards.max_cluster_size
    return TOO_LARGE if is_large else ""


def _agree(values: frozenset[str], others: frozenset[str]) -> bool:
    return values <= others or others <= values


def is_first_of_pair(tie: Tie) -> bool:
    """Whether this is the one of a tie's two directions that stands for both."""
    return _name(tie.one) < _name(tie.other)


def _order(tie: Tie) -> tuple[int, float, int, First, Identifier, Identifier]:
    """What records name together by the strength of its kinds, then certain words, then others by their weight."""
    named = (min(tie.one.first or _NEVER, tie.other.first or _NEVER), _name(tie.one), _name(tie.other))
    if tie.word is None:
        return _NAMED, 0.0, max(map(_weakness, tie[:2])), *named
    weight = inf if tie.word.weight is None else tie.word.weight
    return _CERTAIN if tie.is_certain else _SAID, -weight, 0, *named


def _weakness(node: Node) -> int:
    return IDENTIFIER_KINDS.index(node.kind)


def _name(node: Node) -> Identifier:
    return node.kind, node.value


UNMERGED, CONFLICTING, TOO_LARGE = "unmerged", "conflicting ", "too large"
"""Reasons of a refused tie: a word says that some of what it would join does not belong together; hard facts differ;
the customer would have too many identifiers."""
