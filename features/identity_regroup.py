"""Making customers anew around identifiers of which more changed than that something was added.

First it is settled which identifiers are *crowded*: connected, by what is not dissolved, to more than one customer may
have. In a crowd an identifier other than a user id is tied to its user id alone, and only where it names no other. Then
the ties that are left make the customers, unless words or hard facts stand against some of them.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from features.identity_cluster import CROWDED, GUARDED, Cluster, Node
from features.identity_nodes import IdentityNodes
from features.identity_tie import Guards, affected, partition


@dataclass(slots=True)
class Regrouping:
    """One making anew. Parameters: `seeds`, the identifiers, and when what changed of each became known."""

    nodes: IdentityNodes
    seeds: dict[Node, int]
    max_cluster_size: int
    outdated: list[Cluster] = field(default_factory=list)
    renewed: list[Cluster] = field(default_factory=list)
    _uncrowded: set[Node] = field(default_factory=set)

    def run(self) -> None:
        """Put every identifier concerned into its customer: `outdated` are those before, `renewed` those after."""
        for seed, known_us in list(self.seeds.items()):
            self._crowd(seed, known_us)
        seen: set[Node] = set()
        for seed in list(self.seeds):
            if seed not in seen:
                sets = affected(seed, self.nodes.ties, self.nodes.cluster)
                seen.update(*sets)
                self._settle(sets)

    def _crowd(self, seed: Node, known_us: int) -> None:
        """Settle whether an identifier and what it newly touches are crowded; those that are now are seeds as well."""
        if seed.marks & CROWDED or seed.dissolved or seed in self._uncrowded:
            return
        found, is_crowded = self._surroundings(seed)
        if not is_crowded and len(found) <= self.max_cluster_size:
            self._uncrowded |= found
            return
        self.nodes.mark(found, CROWDED, on=True)
        for node in found:
            self.seeds.setdefault(node, known_us)

    def _surroundings(self, seed: Node) -> tuple[set[Node], bool]:
        """What an identifier is connected to, up to what is crowded; and whether anything is."""
        found, ahead, is_crowded = {seed}, [seed], False
        while ahead:
            for tie in self.nodes.open_ties(ahead.pop()):
                if tie.other.marks & CROWDED:
                    is_crowded = True
                elif tie.other not in found and not tie.other.dissolved:
                    found.add(tie.other)
                    ahead.append(tie.other)
        return found, is_crowded

    def _settle(self, sets: list[set[Node]]) -> None:
        everybody = [node for each in sets for node in each]
        before = {id(node.cluster): node.cluster for node in everybody if node.cluster}
        known_us = max(cluster.known_us for cluster in before.values())
        known_us = max(known_us, *(self.seeds.get(node, 0) for node in everybody))
        held = Counter(node.stored for node in everybody)
        self.nodes.table.forget_refusals(node.node for node in everybody if node.marks & GUARDED)
        parts = [part for each in sets for part in self._parts(each)]
        self.outdated += before.values()
        self.renewed += [_cluster(part, known_us, held) for part in parts]

    def _parts(self, connected: set[Node]) -> list[set[Node]]:
        nodes = self.nodes
        guards = Guards(nodes.apart(connected), dict(nodes.stated(connected)), self.max_cluster_size)
        is_guarded = guards.concern(connected)
        nodes.mark(connected, GUARDED, on=is_guarded)
        if not is_guarded:
            return [connected]
        found = partition(connected, nodes.ties, guards)
        nodes.table.write_refusals(found.refused)
        return found.parts


def loosened(seeds: Iterable[Node], nodes: IdentityNodes) -> set[Node]:
    """Everything in the crowds of identifiers that lose a tie; it is crowded no more until that is settled again."""
    crowd: set[Node] = set()
    ahead = [seed for seed in seeds if seed.marks & CROWDED]
    while ahead:
        node = ahead.pop()
        if node not in crowd:
            crowd.add(node)
            ahead += [tie.other for tie in nodes.open_ties(node) if tie.other.marks & CROWDED]
    nodes.mark(crowd, CROWDED, on=False)
    return crowd


def _cluster(part: set[Node], known_us: int, held: Mapping[str | None, int]) -> Cluster:
    """The customer of these identifiers; it came apart from what holds more of a former customer than this."""
    members = sorted(part, key=_number)
    here = Counter(member.stored for member in members if member.stored is not None)
    cluster = Cluster(members, known_us, came_apart=any(n < held[stored] for stored, n in here.items()))
    for member in members:
        member.cluster = cluster
    return cluster


def _number(node: Node) -> int:
    return node.node
