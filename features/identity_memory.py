"""Which identifiers belong together, kept up to date record by record.

Two identifiers named by one record are linked; customers are the connected components. An identifier other than a user
id that names more than `max_per_identifier` user ids (a shared phone, a kiosk) is *dissolved*: it links nothing. The
last word on two identifiers, that they belong together or do not, beats what records name. All are functions of the
set of records: the order of arrival does not matter.

What only adds is applied at once; around an identifier of which more changed, `flush` makes the customers anew.

The same code serves one live event and a million of a backfill: `remember_all` reads the whole graph first, so that
nothing is looked up later. A test holds the two equal.
"""

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from features.identifier import Identifier
from features.identity_cluster import SPLIT, WORDS, Change, Cluster, First, Node, former_of
from features.identity_table import IdentityTable, Row
from features.identity_tie import Tie, affected, partition, reachable, standing
from features.identity_word import Word, WordTable


@dataclass(slots=True)
class IdentityMemory:
    """The identifiers that this transaction (or this bulk load) has seen, and what changed since `flush`.

    Parameters: `connection`, within a write transaction; `max_per_identifier`, see the module.
    """

    connection: sqlite3.Connection
    max_per_identifier: int = 5
    _table: IdentityTable = field(init=False)
    _words: WordTable = field(init=False)
    _complete: bool = False
    _nodes: dict[Identifier, Node] = field(default_factory=dict)
    _by_number: dict[int, Node] = field(default_factory=dict)
    _homes: dict[tuple[Identifier, ...], Node] = field(default_factory=dict)
    _pairs: set[tuple[int, int]] = field(default_factory=set)
    _degrees: dict[int, int] = field(default_factory=dict)
    _stale: dict[Node, int] = field(default_factory=dict)
    _dirty: dict[int, Node] = field(default_factory=dict)
    _touched: dict[int, Cluster] = field(default_factory=dict)
    _next: int = 0

    def __post_init__(self) -> None:
        self._table = IdentityTable(self.connection)
        self._words = WordTable(self.connection)

    @property
    def is_complete(self) -> bool:
        """Whether it holds the whole graph."""
        return self._complete

    @property
    def n_identifiers(self) -> int:
        """How many identifiers there are, in the table and here."""
        return (self._next or self._table.next_number()) - 1

    def remember_all(self) -> None:
        """Read the whole graph, so that no later record needs a look-up."""
        clusters: dict[str, Cluster] = {}
        for row in self._table.all_nodes():
            node = self._loaded(row)
            if node.stored is not None:
                node.cluster = clusters.setdefault(node.stored, Cluster([]))
                node.cluster.members.append(node)
                node.cluster.marks |= node.marks
        self._pairs.update(self._table.all_pairs())
        for number, other in self._pairs:
            if self._by_number[other].kind == "user_id":
                self._degrees[number] = self._degrees.get(number, 0) + 1
        self._complete = True

    def mention(self, identifiers: tuple[Identifier, ...], first: First, known_us: int) -> int:
        """Take in one record that names these identifiers (strongest first); the node of the one it belongs to."""
        home = self._homes.get(identifiers)
        if home is None:
            home = self._homes[identifiers] = self._link(identifiers, known_us)
        if home.first is None or first < home.first:
            home.first = first
            self._dirty[home.node] = home
            self._touch(self._cluster(home), known_us)
            if home.marks & SPLIT:
                self._stale[home] = known_us
        return home.node

    def take_word(self, pair: tuple[Identifier, Identifier], word: Word, known_us: int) -> int:
        """Take in what somebody says of two identifiers; the node of the first."""
        one, other = map(self._node, pair)
        clusters = self._cluster(one), self._cluster(other)
        self._table.write_links()
        if self._words.keep(one.node, other.node, word):
            self._mark((one, other), WORDS, on=True)
            for node, cluster in zip((one, other), clusters, strict=True):
                cluster.marks |= WORDS
                self._stale[node] = known_us
        return one.node

    def flush(self) -> list[Change]:
        """Write what changed; which customers became one or came apart."""
        self._regroup()
        changes = [change for cluster in self._touched.values() if (change := self._relabel(cluster))]
        self._table.write_links()
        self._table.write(self._dirty.values())
        for change in changes:
            self._table.write_aliases(change.customer_id, change.former)
        self._touched.clear()
        self._dirty.clear()
        return changes

    def _link(self, identifiers: tuple[Identifier, ...], known_us: int) -> Node:
        nodes = [self._node(identifier) for identifier in dict.fromkeys(identifiers)]
        for place, one in enumerate(nodes):
            for other in nodes[place + 1 :]:
                self._pair(one, other, known_us)
        return nodes[0]

    def _pair(self, one: Node, other: Node, known_us: int) -> None:
        if self._is_linked(one, other):
            return
        clusters = self._cluster(one), self._cluster(other)
        self._note_pair(one, other)
        self._note_pair(other, one)
        for node in (one, other):
            if self._names_too_many(node):
                self._dissolve(node, known_us)
        if one.dissolved or other.dissolved:
            return
        if self._may_conflict(*clusters):
            self._stale[one] = known_us
        else:
            self._unite(*clusters, known_us)

    def _is_linked(self, one: Node, other: Node) -> bool:
        if (one.node, other.node) in self._pairs:
            return True
        if self._complete or one.is_new or other.is_new:
            return False
        return self._table.is_linked(one.node, other.node)

    def _note_pair(self, node: Node, other: Node) -> None:
        if other.kind == "user_id":
            self._degrees[node.node] = self._degree(node) + 1
        self._pairs.add((node.node, other.node))
        self._table.add_link(node.node, other.node)

    def _degree(self, node: Node) -> int:
        """How many user ids were named together with this identifier."""
        known = self._degrees.get(node.node)
        if known is not None or self._complete or node.is_new:
            return known or 0
        return self._table.degree(node.node)

    def _names_too_many(self, node: Node) -> bool:
        return node.kind != "user_id" and not node.dissolved and self._degree(node) > self.max_per_identifier

    def _may_conflict(self, one: Cluster, other: Cluster) -> bool:
        return bool((one.marks | other.marks) & SPLIT or one.marks & other.marks & WORDS)

    def _unite(self, one: Cluster, other: Cluster, known_us: int) -> None:
        if one is other:
            return
        small, large = sorted((one, other), key=lambda cluster: len(cluster.members))
        for member in small.members:
            member.cluster = large
        large.members += small.members
        large.marks |= small.marks
        self._touched.pop(id(small), None)
        self._touch(large, max(known_us, small.known_us))

    def _dissolve(self, node: Node, known_us: int) -> None:
        """Take an identifier out of its customer; what it alone held together comes apart."""
        node.dissolved = True
        self._dirty[node.node] = node
        self._stale[node] = known_us

    def _regroup(self) -> None:
        """Make the customers anew around every identifier of which more changed than that something was added."""
        seen: set[Node] = set()
        for seed in self._stale:
            if seed not in seen:
                sets = affected(seed, self._ties, self._cluster)
                seen.update(*sets)
                self._settle(sets)
        self._stale.clear()

    def _settle(self, sets: list[set[Node]]) -> None:
        nodes = [node for each in sets for node in each]
        before = {id(node.cluster): node.cluster for node in nodes if node.cluster}
        known_us = max(cluster.known_us for cluster in before.values())
        known_us = max(known_us, *(self._stale.get(node, 0) for node in nodes))
        held = Counter(node.stored for node in nodes)
        for place in before:
            self._touched.pop(place, None)
        for each in sets:
            found = partition(each, self._ties, self._apart(each))
            self._mark(each, SPLIT, on=bool(found.refused))
            for part in found.parts:
                self._place(sorted(part, key=lambda node: node.node), known_us, held)

    def _place(self, members: list[Node], known_us: int, held: Counter[str | None]) -> None:
        here = Counter(member.stored for member in members if member.stored is not None)
        cluster = Cluster(members, known_us, came_apart=any(n < held[stored] for stored, n in here.items()))
        for member in members:
            member.cluster = cluster
        self._touched[id(cluster)] = cluster

    def _mark(self, nodes: Iterable[Node], mark: int, *, on: bool) -> None:
        for node in nodes:
            if bool(node.marks & mark) != on:
                node.marks ^= mark
                self._dirty[node.node] = node

    def _ties(self, node: Node) -> list[Tie]:
        named = [self._numbered(number) for number in self._table.neighbours(node.node)]
        return standing(node, named, self._said(node))

    def _said(self, node: Node) -> list[tuple[Node, Word]]:
        if not node.marks & WORDS:
            return []
        return [(self._numbered(number), word) for number, word in self._words.of(node.node).items()]

    def _apart(self, nodes: set[Node]) -> dict[Node, frozenset[Node]]:
        """By identifier, those that the last word says it does not belong to."""
        said = {node: self._said(node) for node in nodes if node.marks & WORDS}
        return {node: frozenset(other for other, word in words if not word.merged) for node, words in said.items()}

    def _touch(self, cluster: Cluster, known_us: int) -> None:
        cluster.known_us = max(cluster.known_us, known_us)
        self._touched[id(cluster)] = cluster

    def _cluster(self, node: Node) -> Cluster:
        if node.cluster is None:
            cluster = Cluster(self._members(node))
            for member in cluster.members:
                member.cluster = cluster
        return node.cluster or cluster

    def _members(self, node: Node) -> list[Node]:
        if node.is_new:
            return [node]
        if node.stored is None:
            return [each for each in reachable(node, self._ties) if each.stored is None and each.cluster is None]
        return [self._loaded(row) for row in self._table.of_customer(node.stored)]

    def _node(self, identifier: Identifier) -> Node:
        node = self._nodes.get(identifier)
        if node is None and not self._complete:
            node = next(map(self._loaded, self._table.named(*identifier)), None)
        return node or self._created(identifier)

    def _numbered(self, number: int) -> Node:
        return self._by_number.get(number) or self._loaded(self._table.numbered(number)[0])

    def _created(self, identifier: Identifier) -> Node:
        if not self._next:
            self._next = self._table.next_number()
        node = self._nodes[identifier] = self._by_number[self._next] = Node(self._next, *identifier)
        self._dirty[node.node] = node
        self._next += 1
        return node

    def _loaded(self, row: Row) -> Node:
        number, kind, value, stored, first_us, first_id, dissolved, marks = row
        known = self._by_number.get(number)
        if known is not None:
            return known
        first = None if first_us is None or first_id is None else (first_us, first_id)
        node = Node(number, kind, value, stored, first, bool(dissolved), marks, is_new=False)
        self._nodes[kind, value] = self._by_number[number] = node
        return node

    def _relabel(self, cluster: Cluster) -> Change | None:
        """Give every member the customer's id; the change to announce, where customers existed before."""
        customer_id = cluster.customer_id
        former = former_of(cluster.members, customer_id)
        came_apart, cluster.came_apart = cluster.came_apart, False
        for member in cluster.members:
            if member.stored != customer_id:
                member.stored = customer_id
                self._dirty[member.node] = member
        if customer_id is None or not (former or came_apart):
            return None
        anchor = cluster.members[0]
        return Change(customer_id, anchor.node, (anchor.kind, anchor.value), cluster.known_us, former)
