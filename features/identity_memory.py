"""Which identifiers belong together, kept up to date record by record.

Two identifiers named by one record are linked; customers are the connected components. An identifier that names too
many user ids (a shared phone, a kiosk), or more identifiers than a customer may have, is *dissolved*: it links nothing.
The last word on two identifiers, that they belong together or do not, beats what records name. Too large a customer and
two values of a hard fact come apart (`features.identity_regroup`). All are functions of the set of records: the order
of arrival does not matter.

What only adds is applied at once; around an identifier of which more changed, `flush` makes the customers anew. The
same code serves one live event and a million of a backfill: `remember_all` reads the whole graph first, so that nothing
is looked up later. A test holds the two equal.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from features.identifier import Identifier
from features.identity_cluster import CROWDED, FACTS, GUARDED, WORDS, Change, Cluster, First, Node, former_of
from features.identity_fact import disagree
from features.identity_nodes import IdentityNodes
from features.identity_regroup import Regrouping, loosened
from features.identity_rules import IdentityRules
from features.identity_word import Word
from features.owners import Owners, Settled, Times


@dataclass(slots=True)
class IdentityMemory:
    """The identifiers that this transaction (or this bulk load) has seen, and what changed since `flush`.

    Parameters: `connection`, within a write transaction; `rules`, what the business says of identity.
    """

    connection: sqlite3.Connection
    rules: IdentityRules = field(default_factory=IdentityRules)
    _nodes: IdentityNodes = field(init=False)
    _homes: dict[tuple[Identifier, ...], Node] = field(default_factory=dict)
    _pairs: set[tuple[int, int]] = field(default_factory=set)
    _stale: dict[Node, int] = field(default_factory=dict)
    _touched: dict[int, Cluster] = field(default_factory=dict)
    _settled: Settled = field(default_factory=Settled)

    def __post_init__(self) -> None:
        self._nodes = IdentityNodes(self.connection)

    @property
    def is_complete(self) -> bool:
        """Whether it holds the whole graph."""
        return self._nodes.is_complete

    @property
    def n_identifiers(self) -> int:
        """How many identifiers there are, in the table and here."""
        return self._nodes.n_identifiers

    def remember_all(self) -> None:
        """Read the whole graph, so that no later record needs a look-up."""
        self._pairs.update(self._nodes.load_all())

    def mention(self, identifiers: tuple[Identifier, ...], first: First, known_us: int) -> int:
        """Take in one record that names these identifiers (strongest first); the node of the one it belongs to."""
        home = self._homes.get(identifiers)
        if home is None:
            home = self._homes[identifiers] = self._link(self.rules.meaningful(identifiers), known_us)
        if home.first is None or first < home.first:
            home.first = first
            self._nodes.dirty[home.node] = home
            self._touch(self._nodes.cluster(home), known_us)
            if home.marks & GUARDED:
                self._stale[home] = known_us
        return home.node

    def mention_all(
        self, named: Sequence[tuple[Identifier, ...]], firsts: Iterable[First], known_us: Iterable[int]
    ) -> list[int]:
        """As `mention`, of many records one after the other: nearly all of them change nothing."""
        self._nodes.look_up(identifier for identifiers in named for identifier in identifiers)
        nodes: list[int] = []
        for identifiers, first, known in zip(named, firsts, known_us, strict=True):
            home = self._homes.get(identifiers)
            settled = home is not None and home.first is not None and home.first <= first
            nodes.append(home.node if home and settled else self.mention(identifiers, first, known))
        return nodes

    def settled(self, owners: Owners, occurred_us: Times) -> Times:
        """The node of each record whose owner's number says that it changes nothing; -1 of those to `mention`."""
        return self._settled.nodes(owners, occurred_us)

    def settle(self, owners: Owners, occurred_us: Times, nodes: Times) -> None:
        """Note by number what was mentioned."""
        self._settled.note(owners, occurred_us, nodes)

    def take_facts(self, number: int, facts: Mapping[str, str], said: First, known_us: int) -> None:
        """Take in the hard facts that a record states of the identifier that it belongs to."""
        node = self._nodes.numbered(number)
        if not node.marks & FACTS:
            self._nodes.facts.expect_none(number)
        for name, value in facts.items():
            if self._nodes.facts.keep(number, name, value=value, said=said):
                if self._nodes.cluster(node).marks & (FACTS | GUARDED):
                    self._stale[node] = known_us
                self._nodes.mark((node,), FACTS, on=True)

    def take_word(self, pair: tuple[Identifier, Identifier], word: Word, known_us: int) -> int:
        """Take in what somebody says of two identifiers; the node of the first. What names nobody is left alone."""
        nodes = one, other = self._nodes.named(pair[0]), self._nodes.named(pair[1])
        if any(self.rules.names_nobody(value) for _, value in pair):
            return one.node
        for node in nodes:
            self._nodes.cluster(node)
        self._nodes.table.write_links()
        before = loosened(nodes, self._nodes)
        if self._nodes.words.keep(one.node, other.node, word):
            self._nodes.mark(nodes, WORDS, on=True)
        self._stale.update(dict.fromkeys(before.union(nodes), known_us))
        return one.node

    def take_proposal(self, pair: tuple[Identifier, Identifier], said: First) -> int:
        """Take in that somebody asks whether two identifiers belong together; the node of the first."""
        one, other = map(self._nodes.named, sorted(pair))
        self._nodes.words.propose(one.node, other.node, said)
        return self._nodes.named(pair[0]).node

    def flush(self) -> list[Change]:
        """Write what changed; which customers became one or came apart."""
        self._regroup()
        changes = [change for cluster in self._touched.values() if (change := self._relabel(cluster))]
        self._nodes.write()
        for change in changes:
            self._nodes.table.write_aliases(change.customer_id, change.former)
        self._touched.clear()
        return changes

    def _link(self, identifiers: tuple[Identifier, ...], known_us: int) -> Node:
        nodes = [self._nodes.named(identifier) for identifier in dict.fromkeys(identifiers)]
        for place, one in enumerate(nodes):
            for other in nodes[place + 1 :]:
                self._pair(one, other, known_us)
        return nodes[0]

    def _pair(self, one: Node, other: Node, known_us: int) -> None:
        if self._is_linked(one, other):
            return
        clusters = self._nodes.cluster(one), self._nodes.cluster(other)
        self._pairs.update(((one.node, other.node), (other.node, one.node)))
        self._nodes.note_pair(one, other)
        self._nodes.note_pair(other, one)
        for node in (one, other):
            if not node.dissolved and self._names_too_many(node):
                self._dissolve(node, known_us)
        if self._is_to_regroup(one, other, clusters, known_us):
            self._stale |= {one: known_us, other: known_us}

    def _is_to_regroup(self, one: Node, other: Node, clusters: tuple[Cluster, Cluster], known_us: int) -> bool:
        """Apply what a new pair adds, unless there is more to it: in a crowd, what is one's own may be so no more."""
        if one.dissolved or other.dissolved:
            return bool((one.marks | other.marks) & CROWDED)
        return self._may_conflict(*clusters) or not self._unite(*clusters, known_us)

    def _is_linked(self, one: Node, other: Node) -> bool:
        if (one.node, other.node) in self._pairs:
            return True
        if self._nodes.is_complete or one.is_new or other.is_new:
            return False
        return self._nodes.table.is_linked(one.node, other.node)

    def _names_too_many(self, node: Node) -> bool:
        if self._nodes.n_others(node) >= self.rules.max_cluster_size:
            return True
        return node.kind != "user_id" and self._nodes.n_users(node) > self.rules.max_per_identifier

    def _dissolve(self, node: Node, known_us: int) -> None:
        """Take an identifier out of its customer; what it alone held together comes apart.

        So does what a guard kept out of its customer: only it led there, and what leads nowhere needs no guard.
        """
        crowd = loosened((node,), self._nodes)
        kept_apart = {tie.other for tie in self._nodes.ties(node)} if node.marks & GUARDED else set()
        node.dissolved = True
        self._nodes.dirty[node.node] = node
        self._stale |= dict.fromkeys(crowd | kept_apart | {node}, known_us)

    def _may_conflict(self, one: Cluster, other: Cluster) -> bool:
        both = one.marks & other.marks
        if (one.marks | other.marks) & (GUARDED | CROWDED) or both & WORDS:
            return True
        return bool(both & FACTS) and bool(disagree(dict(self._nodes.stated(one.members + other.members)).values()))

    def _unite(self, one: Cluster, other: Cluster, known_us: int) -> bool:
        """Make two customers one; whether that is not too large."""
        if one is other:
            return True
        small, large = sorted((one, other), key=lambda cluster: len(cluster.members))
        for member in small.members:
            member.cluster = large
        large.members += small.members
        large.marks |= small.marks
        self._touched.pop(id(small), None)
        self._touch(large, max(known_us, small.known_us))
        return len(large.members) <= self.rules.max_cluster_size

    def _regroup(self) -> None:
        if not self._stale:
            return
        anew = Regrouping(self._nodes, self._stale, self.rules.max_cluster_size)
        anew.run()
        for cluster in anew.outdated:
            self._touched.pop(id(cluster), None)
        self._touched |= {id(cluster): cluster for cluster in anew.renewed}
        self._stale = {}

    def _touch(self, cluster: Cluster, known_us: int) -> None:
        cluster.known_us = max(cluster.known_us, known_us)
        self._touched[id(cluster)] = cluster

    def _relabel(self, cluster: Cluster) -> Change | None:
        """Give every member the customer's id; the change to announce, where customers existed before."""
        customer_id = cluster.customer_id
        former = former_of(cluster.members, customer_id)
        came_apart, cluster.came_apart = cluster.came_apart, False
        for member in cluster.members:
            if member.stored != customer_id:
                member.stored = customer_id
                self._nodes.dirty[member.node] = member
        if customer_id is None or not (former or came_apart):
            return None
        anchor = cluster.members[0]
        return Change(customer_id, anchor.node, (anchor.kind, anchor.value), cluster.known_us, former)
