"""Customers of a ledger as people to match: the traits of their golden records."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from features.golden_record import GoldenRecord, Profile
from features.matching.kind import Kind, kinds_of
from features.matching.people import People, people_of
from features.record import EVENT


def customer_ids(connection: sqlite3.Connection) -> list[str]:
    """Every customer, sorted."""
    return [row[0] for row in connection.execute(_ALL)]


def customers_told_since(connection: sqlite3.Connection, seq: int) -> set[str]:
    """Customers of whom events came after that record of the ledger."""
    return {row[0] for row in connection.execute(_SINCE, (seq, EVENT))}


def customers_as_people(
    golden: GoldenRecord, connection: sqlite3.Connection, ids: Sequence[str], stated: Mapping[str, str]
) -> People:
    """The profiles of customers, an address taken apart; traits of no known kind are left out.

    Raises: `NothingToMatchError` where no trait can be compared.
    """
    traits = [_flat(golden.profile_in(connection, customer_id)) for customer_id in ids]
    names = sorted(set().union(*traits))
    kinds = kinds_of(names, {name: kind for name, kind in stated.items() if name in names})
    return people_with(ids, traits, kinds)


def people_with(ids: Sequence[str], traits: Sequence[Mapping[str, str]], kinds: Mapping[str, Kind]) -> People:
    """People of traits, one mapping each."""
    columns = {name: [of_one.get(name, "") for of_one in traits] for name in kinds}
    return people_of(ids, columns, kinds)


def _flat(profile: Profile) -> dict[str, str]:
    return dict(_texts((name, field.value) for name, field in profile.fields.items()))


def _texts(values: Iterable[tuple[str, Any]]) -> Iterable[tuple[str, str]]:
    for name, value in values:
        if isinstance(value, Mapping):
            yield from _texts(value.items())
        elif isinstance(value, str | int) and not isinstance(value, bool):
            yield name, str(value)


_ALL = "SELECT DISTINCT customer_id FROM identifier WHERE customer_id NOTNULL ORDER BY customer_id"
_SINCE = """
    SELECT DISTINCT i.customer_id FROM record r JOIN identifier i ON i.node = r.node
    WHERE r.seq > ? AND r.kind = ? AND i.customer_id NOTNULL
"""
