"""The identifiers and customers that a transaction has seen, and everything that is said of them, looked up once."""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from features.identifier import Identifier
from features.identity_cluster import CROWDED, FACTS, GUARDED, WORDS, Cluster, Node
from features.identity_fact import HardFactTable
from features.identity_table import IdentityTable, Row
from features.identity_tie import Tie, private, reachable, standing
from features.identity_word import Word, WordTable


@dataclass(slots=True)
class IdentityNodes:
    """Identifiers in memory, with the tables that they come from.

    Parameters: `connection`, within a write transaction. `is_complete`, whether the whole graph is here; `dirty`, what
    differs from the table.
    """

    connection: sqlite3.Connection
    table: IdentityTable = field(init=False)
    words: WordTable = field(init=False)
    facts: HardFactTable = field(init=False)
    dirty: dict[int, Node] = field(default_factory=dict)
    is_complete: bool = False
    _named: dict[Identifier, Node] = field(default_factory=dict)
    _unheard_of: set[Identifier] = field(default_factory=set)
    _numbered: dict[int, Node] = field(default_factory=dict)
    _users: dict[int, int] = field(default_factory=dict)
    _others: dict[int, int] = field(default_factory=dict)
    _next: int = 0

    def __post_init__(self) -> None:
        self.table = IdentityTable(self.connection)
        self.words = WordTable(self.connection)
        self.facts = HardFactTable(self.connection)

    @property
    def n_identifiers(self) -> int:
        """How many identifiers there are, in the table and here."""
        return (self._next or self.table.next_number()) - 1

    def load_all(self) -> list[tuple[int, int]]:
        """Read the whole graph; its pairs, in both directions."""
        clusters: dict[str, Cluster] = {}
        for row in self.table.all_nodes():
            node = self._loaded(row)
            if node.stored is not None:
                node.cluster = clusters.setdefault(node.stored, Cluster([]))
                node.cluster.members.append(node)
                node.cluster.marks |= node.marks
        pairs = list(self.table.all_pairs())
        for number, other in pairs:
            self._count(number, is_user=self._numbered[other].kind == "user_id")
        self.is_complete = True
        return pairs

    def look_up(self, identifiers: Iterable[Identifier]) -> None:
        """Look many identifiers up at once, so that `named` need not."""
        if self.is_complete:
            return
        wanted = {each for each in identifiers if each not in self._named}
        for row in self.table.all_named(wanted):
            self._loaded(row)
        self._unheard_of.update(each for each in wanted if each not in self._named)

    def named(self, identifier: Identifier) -> Node:
        """The identifier, made where it is new."""
        node = self._named.get(identifier)
        if node is None and not (self.is_complete or identifier in self._unheard_of):
            node = next(map(self._loaded, self.table.named(*identifier)), None)
        return node or self._created(identifier)

    def numbered(self, number: int) -> Node:
        """The identifier of a number."""
        return self._numbered.get(number) or self._loaded(self.table.numbered(number)[0])

    def cluster(self, node: Node) -> Cluster:
        """The customer that an identifier belongs to."""
        if node.cluster is None:
            cluster = Cluster(self._members(node))
            for member in cluster.members:
                member.cluster = cluster
        return node.cluster or cluster

    def mark(self, nodes: Iterable[Node], mark: int, *, on: bool) -> None:
        """Set a mark of identifiers, or take it away; a customer keeps what its members had until it is made anew."""
        for node in nodes:
            if bool(node.marks & mark) != on:
                node.marks ^= mark
                self.dirty[node.node] = node
            if on and node.cluster is not None:
                node.cluster.marks |= mark

    def note_pair(self, node: Node, other: Node) -> None:
        """Note one direction of a new pair."""
        self._recount(node)
        self._count(node.node, is_user=other.kind == "user_id")
        self.table.add_link(node.node, other.node)

    def n_users(self, node: Node) -> int:
        """How many user ids were named together with this identifier."""
        self._recount(node)
        return self._users.get(node.node, 0)

    def n_others(self, node: Node) -> int:
        """How many identifiers were named together with this one."""
        self._recount(node)
        return self._others.get(node.node, 0)

    def ties(self, node: Node) -> list[Tie]:
        """What ties an identifier to others; in a crowd, of what records name only what is its own."""
        ties = self._ties(node)
        if not node.marks & CROWDED:
            return ties
        return [tie for tie in ties if tie.word is not None or private(tie, self.n_users)]

    def open_ties(self, node: Node) -> list[Tie]:
        """The ties that count for how many are connected: what records name, and what is certain."""
        return [tie for tie in self._ties(node) if tie.word is None or tie.is_certain]

    def _ties(self, node: Node) -> list[Tie]:
        numbers = [] if node.dissolved and not node.marks & WORDS else self.table.neighbours(node.node)
        return standing(node, map(self.numbered, numbers), self._said(node))

    def apart(self, nodes: set[Node]) -> dict[Node, frozenset[Node]]:
        """By identifier, those that the last word says it does not belong to."""
        said = {node: self._said(node) for node in nodes if node.marks & WORDS}
        return {node: frozenset(other for other, word in words if not word.merged) for node, words in said.items()}

    def stated(self, nodes: Iterable[Node]) -> Iterator[tuple[Node, dict[str, str]]]:
        """The hard facts of those that have any."""
        return ((node, dict(self.facts.of(node.node))) for node in nodes if node.marks & FACTS)

    def write(self) -> None:
        """Write what differs from the tables."""
        self.table.write_links()
        self.table.write(self.dirty.values())
        self.dirty.clear()
        self.facts.write()

    def _said(self, node: Node) -> list[tuple[Node, Word]]:
        if not node.marks & WORDS:
            return []
        return [(self.numbered(number), word) for number, word in self.words.of(node.node).items()]

    def _members(self, node: Node) -> list[Node]:
        if node.is_new or (node.stored is None and node.marks & GUARDED):
            return [node]
        if node.stored is None:
            return [each for each in reachable(node, self.ties) if each.stored is None and each.cluster is None]
        return [self._loaded(row) for row in self.table.of_customer(node.stored)]

    def _recount(self, node: Node) -> None:
        """Look up how many were named together with an identifier, once."""
        if node.node not in self._others and not (self.is_complete or node.is_new):
            self._users[node.node], self._others[node.node] = self.table.degree(node.node)

    def _count(self, number: int, *, is_user: bool) -> None:
        self._others[number] = self._others.get(number, 0) + 1
        if is_user:
            self._users[number] = self._users.get(number, 0) + 1

    def _created(self, identifier: Identifier) -> Node:
        if not self._next:
            self._next = self.table.next_number()
        node = self._named[identifier] = self._numbered[self._next] = Node(self._next, *identifier)
        self.dirty[node.node] = node
        self._next += 1
        return node

    def _loaded(self, row: Row) -> Node:
        number, kind, value, stored, first_us, first_id, dissolved, marks = row
        known = self._numbered.get(number)
        if known is not None:
            return known
        first = None if first_us is None or first_id is None else (first_us, first_id)
        node = Node(number, kind, value, stored, first, bool(dissolved), marks, is_new=False)
        self._named[kind, value] = self._numbered[number] = node
        return node
