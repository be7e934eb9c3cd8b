"""Access: everything that is kept of one customer, as one JSON object, for the customer."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson

from decisioning.customer import CustomerReference
from decisioning.errors import NotFoundError
from decisioning.ports import ProfileReader
from features.feature_set import FeatureSet
from features.golden_record import GoldenRecord
from features.identity import IdentityGraph
from features.instant import from_us
from features.ledger import Ledger
from features.privacy.refused import names_in
from features.privacy.traces import Traces, traces_of
from features.record import DECISION, EVENT, OUTCOME, Record
from features.segment import name_of

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class AccessBook:
    """Gathers what is kept of one customer.

    Parameters: `profiles` gives the reader that decisions use; `stated`, what the workspace says to everybody: which
    purposes there are, and how long what is kept.
    """

    ledger: Ledger
    features: FeatureSet
    profiles: Callable[[], ProfileReader]
    stated: Callable[[], Mapping[str, Any]]

    def of(self, reference: CustomerReference, *, now: datetime) -> Told:
        """Everything, as of now. Raises: `NotFoundError` where nothing is recorded of this reference."""
        graph = IdentityGraph(self.ledger)
        customer_id = graph.resolve(reference)
        if customer_id is None:
            raise NotFoundError(f"nothing is recorded of this {reference.kind}", field="customer")
        customer = self.profiles().read(CustomerReference("customer_id", customer_id), now=now)
        return {
            "customer_id": customer_id,
            "as_of": now,
            "identifiers": [{"kind": kind, "value": value} for kind, value in graph.identifiers(customer_id)],
            "profile": {
                name: asdict(field) for name, field in GoldenRecord(self.ledger).profile(customer_id).fields.items()
            },
            "features": self._features(customer.features),
            **_records(self.ledger.records_of(customer_id)),
            **self._tables(customer_id),
            **self.stated(),
        }

    def _features(self, values: Mapping[str, Any]) -> dict[str, Told]:
        said = {feature.name: feature.description for feature in self.features.features}
        return {name: {"value": value, "says": said.get(name, "")} for name, value in values.items()}

    def _tables(self, customer_id: str) -> Told:
        """What belongs to them outside the records: consents, contacts and the like as kept, and what was refused."""
        with self.ledger.read() as connection:
            nodes = [row[0] for row in connection.execute(_NODES, (customer_id,)).fetchall()]
            traces = traces_of(connection, nodes)
            kept = {table: _owned(connection, table, nodes) for table in _node_tables(connection)}
            refused = list(_naming(connection, "SELECT source, code, field, message, raw FROM reject", traces))
            waiting = list(_naming(connection, "SELECT body FROM quarantine", traces))
        return {"kept": {table: rows for table, rows in kept.items() if rows}, "refused": refused, "waiting": waiting}


def _records(records: list[Record]) -> Told:
    return {
        "events": [_event(record) for record in records if record.kind == EVENT],
        "decisions": [orjson.loads(record.body)["decision"] for record in records if record.kind == DECISION],
        "outcomes": [orjson.loads(record.body)["outcome"] for record in records if record.kind == OUTCOME],
        "other_records": [
            {"kind": record.kind, "occurred_at": from_us(record.occurred_us), "body": orjson.loads(record.body)}
            for record in records
            if record.kind not in (EVENT, DECISION, OUTCOME)
        ],
    }


def _event(record: Record) -> Told:
    body = orjson.loads(record.body)
    return {
        "message_id": record.record_id,
        "type": body["type"],
        "name": name_of(body, body["type"]),
        "occurred_at": from_us(record.occurred_us),
        "received_at": from_us(record.received_us),
        "source": record.source,
        "sent": body,
    }


def _node_tables(connection: sqlite3.Connection) -> list[str]:
    """Every projection that hangs on identifiers; the records themselves are told apart."""
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    told_apart = ("record", "identifier", "link")
    return [table for table in tables if table not in told_apart and "node" in _columns(connection, table)]


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def _owned(connection: sqlite3.Connection, table: str, nodes: list[int]) -> list[Told]:
    columns = _columns(connection, table)
    rows = [row for node in nodes for row in connection.execute(f"SELECT * FROM {table} WHERE node = ?", (node,))]  # noqa: S608 (names of the schema)
    return [{name: _plain(name, value) for name, value in zip(columns, row, strict=True)} for row in rows]


def _plain(column: str, value: Any) -> Any:
    """A value of a table: moments as moments, JSON as JSON."""
    if column.endswith("_us") and isinstance(value, int):
        return from_us(value)
    return _json_or_text(value) if isinstance(value, bytes) else value


def _json_or_text(raw: bytes) -> Any:
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw.decode(errors="replace")


def _naming(connection: sqlite3.Connection, query: str, traces: Traces) -> Iterator[Told]:
    """The bodies that belong to nobody yet, and name this customer where an identifier or an id stands."""
    theirs = set(traces.tokens_of())
    cursor = connection.execute(query)
    columns = [each[0] for each in cursor.description]
    for row in cursor.fetchall():
        if not theirs.isdisjoint(names_in(row[-1].decode(errors="replace"))):
            yield {name: _plain(name, value) for name, value in zip(columns, row, strict=True)}


_NODES = "SELECT node FROM identifier WHERE customer_id = ?"
