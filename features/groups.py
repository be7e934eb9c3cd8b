"""Groups: households, accounts, teams. A `group` call makes a customer a member; membership never links identities."""

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from features.event import Event
from features.instant import from_us, to_us
from features.ledger import Snapshots
from features.segment import GROUP_ID

MEMBER = "member"
"""The trait of a `group` call that, where it is false, ends the membership."""
EVERYBODY = -1
"""For SQLite, a limit that limits nothing."""


@dataclass(frozen=True, slots=True)
class Group:
    """One group as a member sees it.

    Parameters: `traits`, the newest value of each; `since`, of the first record that names this customer a member;
    `n_members`, customers of today.
    """

    group_id: str
    traits: Mapping[str, Any]
    since: datetime
    n_members: int


class GroupBook:
    """The groups of a ledger, for reading. Parameters: `ledger`, or anything that gives snapshots of one."""

    def __init__(self, ledger: Snapshots) -> None:
        self._ledger = ledger

    def of_customer(self, customer_id: str, kind: str | None = None) -> tuple[Group, ...]:
        """The groups that a customer belongs to, sorted by id.

        Parameters: `kind`, those alone whose trait `type` says so, such as "household".
        """
        with self._ledger.read() as connection:
            rows = connection.execute(_OF_CUSTOMER, (customer_id,)).fetchall()
            groups = tuple(_group(connection, group_id, since_us) for group_id, since_us in rows)
        return tuple(group for group in groups if kind is None or group.traits.get("type") == kind)

    def members(self, group_id: str) -> tuple[str, ...]:
        """The customers of a group, sorted."""
        with self._ledger.read() as connection:
            return members_of(connection, group_id)

    def others(self, customer_id: str, kind: str | None = None) -> tuple[str, ...]:
        """The customers who share a group with this one, sorted; what household features add up over."""
        with self._ledger.read():
            shared = {each for group in self.of_customer(customer_id, kind) for each in self.members(group.group_id)}
        return tuple(sorted(shared - {customer_id}))


def keep_groups(connection: sqlite3.Connection, calls: Iterable[tuple[int, Event]]) -> None:
    """Take `group` events, each with the node of its identifier, into memberships and traits."""
    for node, event in calls:
        group_id, is_member, traits = said_of_group(event.properties)
        at, by = to_us(event.occurred_at), event.message_id
        connection.execute(_JOIN, (node, group_id, at, at, by, is_member))
        rows = [(node, group_id, name, orjson.dumps(value), at, by) for name, value in traits.items()]
        connection.executemany(_STATE, rows)


def said_of_group(properties: Mapping[str, Any]) -> tuple[str, bool, dict[str, Any]]:
    """What a `group` call says: the group, whether the customer is a member of it, its traits."""
    traits = dict(properties)
    return traits.pop(GROUP_ID), traits.pop(MEMBER, True) is not False, traits


def traits_of(connection: sqlite3.Connection, group_id: str) -> dict[str, Any]:
    """The newest value of each trait of a group, whoever told it, sorted by name."""
    newest = dict(connection.execute(_TRAITS, (group_id,)).fetchall())
    return {name: orjson.loads(value) for name, value in sorted(newest.items())}


def _group(connection: sqlite3.Connection, group_id: str, since_us: int) -> Group:
    traits, members = traits_of(connection, group_id), members_of(connection, group_id)
    return Group(group_id, traits, from_us(since_us), len(members))


def members_of(
    connection: sqlite3.Connection, group_id: str, *, besides: str = "", most: int = EVERYBODY
) -> tuple[str, ...]:
    """The customers of a group, sorted. Parameters: `besides`, a customer left out; `most`, the first so many alone."""
    found = connection.execute(_MEMBERS, (group_id, besides, most)).fetchall()
    return tuple(customer_id for (customer_id,) in found)


_OF_CUSTOMER = """
    SELECT group_id, min(since_us) FROM (
        SELECT m.group_id, m.since_us, m.is_member,
               row_number() OVER (PARTITION BY m.group_id ORDER BY m.occurred_us DESC, m.message_id DESC) AS place
        FROM identifier i JOIN membership m ON m.node = i.node WHERE i.customer_id = ?
    ) GROUP BY group_id HAVING max(is_member) FILTER (WHERE place = 1) ORDER BY group_id
"""
_MEMBERS = """
    SELECT customer_id FROM (
        SELECT i.customer_id, m.is_member,
               row_number() OVER (PARTITION BY i.customer_id ORDER BY m.occurred_us DESC, m.message_id DESC) AS place
        FROM membership m JOIN identifier i ON i.node = m.node WHERE m.group_id = ? AND i.customer_id <> ?
    ) WHERE place = 1 AND is_member ORDER BY customer_id LIMIT ?
"""
_JOIN = """
    INSERT INTO membership (node, group_id, since_us, occurred_us, message_id, is_member) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (node, group_id) DO UPDATE SET
        since_us = min(since_us, excluded.since_us),
        is_member = iif(
            (excluded.occurred_us, excluded.message_id) > (membership.occurred_us, membership.message_id),
            excluded.is_member, is_member),
        message_id = iif(
            (excluded.occurred_us, excluded.message_id) > (membership.occurred_us, membership.message_id),
            excluded.message_id, message_id),
        occurred_us = max(occurred_us, excluded.occurred_us)
"""
_TRAITS = "SELECT name, value FROM group_trait WHERE group_id = ? ORDER BY occurred_us, message_id"
_STATE = """
    INSERT INTO group_trait (node, group_id, name, value, occurred_us, message_id) VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (group_id, name, node) DO UPDATE SET
        value = excluded.value, occurred_us = excluded.occurred_us, message_id = excluded.message_id
    WHERE (excluded.occurred_us, excluded.message_id) > (group_trait.occurred_us, group_trait.message_id)
"""
