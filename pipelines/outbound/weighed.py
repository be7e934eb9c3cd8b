"""Weighed blocks as files: what each customer of a block could be offered, before prices."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from decisioning.outbound.block import Block
from decisioning.outbound.choice import Chances, Floats
from features.replace_file import replace_file

_COMPRESSION = "lz4"
WORDS = ["customer_id", "arm", "bundle"]
"""The columns that only whoever writes decisions looks at."""


@dataclass(frozen=True, slots=True)
class WeighedBlock:
    """A block read back; see `Block`.

    Parameters: `told`, a row of words for each customer; `chances`, as drawn and as far as they explore.
    """

    told: pa.Table
    priority: Floats
    propensity: Floats
    chances: Chances
    stopped: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.priority)

    @property
    def ids(self) -> list[str]:
        """The customers."""
        return self._words("customer_id")

    @property
    def arms(self) -> list[str]:
        """Their arms."""
        return self._words("arm")

    @property
    def bundles(self) -> list[str]:
        """The version of what scored each."""
        return self._words("bundle")

    def _words(self, name: str) -> list[str]:
        found: list[str] = self.told[name].to_pylist()
        return found


def write_block(path: Path, block: Block, chances: Chances) -> None:
    """Write a block whole, or not at all."""
    columns = {
        "customer_id": pa.array(block.ids),
        "arm": pa.array(block.arms),
        "bundle": pa.array(block.bundles),
        "uniform": pa.array(chances.uniform),
        "epsilon": pa.array(chances.epsilon),
        **_columns("priority_", block.priority),
        **_columns("propensity_", block.propensity),
        **({} if block.preference is None else _columns("preference_", block.preference)),
    }
    said = {"stopped": orjson.dumps(dict(sorted(block.stopped.items())))}
    write_table(path, pa.table(columns).replace_schema_metadata(said))


def write_table(path: Path, table: pa.Table) -> None:
    """Write a table in the place of what was there, in one step; the same table is the same bytes.

    Numbers and ids hardly come twice: no dictionary is made of them.
    """
    sink = pa.BufferOutputStream()
    words = [each.name for each in table.schema if pa.types.is_string(each.type) and not each.name.endswith("_id")]
    pq.write_table(table, sink, compression=_COMPRESSION, use_dictionary=words)
    replace_file(path, sink.getvalue().to_pybytes())


def n_customers(path: Path) -> int:
    """How many customers a block has."""
    return int(pq.read_metadata(path).num_rows)


def read_block(path: Path, *, must_fill: bool) -> WeighedBlock:
    """Read a block."""
    table = pq.read_table(path)
    said = table.schema.metadata or {}
    return WeighedBlock(
        told=table.select(WORDS),
        priority=_matrix(table, "priority_"),
        propensity=_matrix(table, "propensity_"),
        chances=Chances(
            table["uniform"].to_numpy(),
            table["epsilon"].to_numpy(),
            must_fill,
            _matrix(table, "preference_") if "preference_0" in table.column_names else None,
        ),
        stopped=orjson.loads(said[b"stopped"]),
    )


def _columns(name: str, matrix: NDArray[Any]) -> dict[str, pa.Array]:
    return {f"{name}{nth}": pa.array(matrix[:, nth]) for nth in range(matrix.shape[1])}


def _matrix(table: pa.Table, name: str) -> NDArray[Any]:
    columns = [table[each].to_numpy() for each in table.column_names if each.startswith(name)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))
