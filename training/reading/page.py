"""Bodies of decisions as columns: DuckDB parses the JSON, and no decision becomes an object."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Words = NDArray[np.object_]
Places = NDArray[np.int64]
AT_ONCE = 1_024
"""Bodies that one thread parses in one go."""
_WORDS = ("request_id", "customer_id", "channel", "placement", "arm", "chosen")
_QUERY = "SELECT place, unnest(from_json(body, ?)) FROM page ORDER BY place"


class Parser:
    """Reads pages of bodies; used by one thread at a time, and closed after use."""

    def __init__(self) -> None:
        self._connection = duckdb.connect()

    def close(self) -> None:
        """End its threads."""
        self._connection.close()

    def read(self, bodies: Sequence[bytes], kinds: Mapping[str, str]) -> "Page":
        """The columns of some bodies.

        Parameters: `kinds`, DuckDB's type of each feature; a value that is no such thing is not known.
        """
        text = pa.array(bodies, type=pa.binary()).cast(pa.string())
        whole = pa.table({"place": np.arange(len(bodies)), "body": text})
        page = pa.Table.from_batches(whole.to_batches(max_chunksize=AT_ONCE))
        self._connection.register("page", page)
        found = self._connection.sql(_QUERY, params=[_shape(kinds)]).to_arrow_table()
        self._connection.unregister("page")
        decision, contacts = (found.column(name).combine_chunks() for name in ("decision", "contacts"))
        return Page(decision, contacts)


def _shape(kinds: Mapping[str, str]) -> str:
    listed = [{"action": "VARCHAR", "treatment": "VARCHAR"}]
    texts = dict.fromkeys(_WORDS, "VARCHAR")
    decision = {**texts, "eligible": "MAP(VARCHAR, DOUBLE)", "ranked": listed} | (
        {"features": dict(kinds)} if kinds else {}
    )
    contacts = [{"action": "VARCHAR", "implied": "BOOLEAN"}]
    return orjson.dumps({"decision": decision, "contacts": contacts}).decode()


@dataclass(frozen=True, slots=True)
class Page:
    """Some decisions.

    Parameters: `decision`, their fields; `contacts`, the list of what each took.
    """

    decision: Any
    contacts: Any

    def __len__(self) -> int:
        return len(self.decision)

    def words(self, name: str) -> Words:
        """A text of every decision (n,)."""
        return words(self.decision.field(name))

    def feature(self, name: str) -> Any:
        """A feature of every decision, as Arrow has it."""
        return self.decision.field("features").field(name)

    def eligible(self) -> tuple[Places, Words, NDArray[np.float64]]:
        """Row, action and probability of every eligible action."""
        told = self.decision.field("eligible")
        return _owners(told), words(told.keys), told.items.to_numpy(zero_copy_only=False)

    def ranked(self) -> tuple[Places, Words, Words]:
        """Row, action and treatment of everything listed."""
        told = self.decision.field("ranked")
        inner = pc.list_flatten(told)
        return _owners(told), words(inner.field("action")), words(inner.field("treatment"))

    def implied(self) -> tuple[Places, Words]:
        """Row and action of every contact that needs no impression."""
        inner = pc.list_flatten(self.contacts)
        kept = inner.field("implied").fill_null(fill_value=False).to_numpy(zero_copy_only=False)
        return _owners(self.contacts)[kept], words(inner.field("action"))[kept]


def words(column: Any) -> Words:
    """Texts as objects (n,), each word kept once; None where there is none."""
    told = column.dictionary_encode()
    known = np.array([*told.dictionary.to_pylist(), None], dtype=object)
    codes: Places = told.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)
    return known[codes]


def _owners(lists: Any) -> Places:
    """The row of each entry of a column of lists."""
    lengths = np.diff(lists.offsets.to_numpy())
    return np.repeat(np.arange(len(lists)), lengths)
