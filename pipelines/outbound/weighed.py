"""Weighed blocks as files: what each customer of a block could be offered, before prices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from decisioning.arbitration_rule import Rule
from decisioning.outbound.block import Block
from decisioning.outbound.choice import Chances, Floats, Places
from decisioning.outbound.factors import NAMES, Factors
from decisioning.outbound.sampling import Sampling
from decisioning.outbound.sending import Times
from features.replace_file import replace_file

_COMPRESSION = "lz4"
DRAWN = "drawn_"
"""How columns begin that only who draws from a posterior reads."""
SEND = "send_"
"""How columns begin with when a candidate would go out."""
ROW, SAID = f"{DRAWN}row_", f"{DRAWN}said_"
WORDS = ["customer_id", "arm", "bundle"]
"""The columns that only whoever writes decisions looks at."""


@dataclass(frozen=True, slots=True)
class WeighedBlock:
    """A block read back; see `Block`.

    Parameters: `told`, a row of words for each customer; `chances`, as drawn and as far as they explore; `sends`, when
    candidates that are put off would go out, by their place.
    """

    told: pa.Table
    priority: Floats
    propensity: Floats
    chances: Chances
    stopped: Mapping[str, int]
    sends: Mapping[int, Times] = field(default_factory=dict)

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

    def sent(self, chosen: Places) -> pa.Array:
        """When what is chosen for each goes out (n,): null where it goes out at once, or nothing does."""
        later = np.isin(chosen, list(self.sends))
        times = np.zeros(len(chosen), dtype=np.int64)
        for place, each in self.sends.items():
            times = np.where(chosen == place, each, times)
        return pa.array(times, mask=~later).cast(pa.timestamp("us", tz="UTC"))

    def _words(self, name: str) -> list[str]:
        found: list[str] = self.told[name].to_pylist()
        return found


def write_block(path: Path, block: Block, chances: Chances, sends: Mapping[int, Times]) -> None:
    """Write a block whole, or not at all."""
    drawn, alike = ({}, {}) if chances.sampling is None else _sampled(chances.sampling)
    columns = {
        "customer_id": pa.array(block.ids),
        "arm": pa.array(block.arms),
        "bundle": pa.array(block.bundles),
        "uniform": pa.array(chances.uniform),
        "epsilon": pa.array(chances.epsilon),
        **_columns("priority_", block.priority),
        **_columns("propensity_", block.propensity),
        **({} if block.preference is None else _columns("preference_", block.preference)),
        **{f"{SEND}{place}": pa.array(times) for place, times in sends.items()},
        **drawn,
    }
    said = {"stopped": orjson.dumps(dict(sorted(block.stopped.items())))}
    if chances.sampling is not None:
        said |= {"given": orjson.dumps(chances.sampling.factors.given), "alike": orjson.dumps(alike)}
    if chances.temperature:
        said |= {"temperature": orjson.dumps(chances.temperature)}
    write_table(path, pa.table(columns).replace_schema_metadata(said))


def write_table(path: Path, table: pa.Table, *, rows: int | None = None) -> None:
    """Write a table in the place of what was there, in one step; the same table is the same bytes.

    Numbers and ids hardly come twice: no dictionary is made of them. Parameters: `rows`, so many to a row group.
    """
    sink = pa.BufferOutputStream()
    words = [each.name for each in table.schema if pa.types.is_string(each.type) and not each.name.endswith("_id")]
    pq.write_table(table, sink, compression=_COMPRESSION, use_dictionary=words, row_group_size=rows)
    replace_file(path, sink.getvalue().to_pybytes())


def read_block(path: Path, *, must_fill: bool, rule: Rule | None = None) -> WeighedBlock:
    """Read a block. Parameters: `rule` of priorities, for who draws; None leaves out what is only read for that."""
    table = pq.read_table(path, columns=_read_columns(path, drawn=rule is not None))
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
            _sampling(table, rule) if rule is not None and f"{ROW}0" in table.column_names else None,
            orjson.loads(said.get(b"temperature", b"0.0")),
        ),
        stopped=orjson.loads(said[b"stopped"]),
        sends={int(name.removeprefix(SEND)): table[name].to_numpy() for name in _named(table, SEND)},
    )


def _sampled(sampling: Sampling) -> tuple[dict[str, pa.Array], dict[str, float]]:
    """What only who draws from a posterior reads: columns, and by their names what is one number for all customers."""
    columns, alike = _columns(ROW, sampling.rows), dict[str, float]()
    for name in NAMES[1:]:
        matrix = sampling.factors.columns[name]
        for nth in range(matrix.shape[1]):
            column, key = matrix[:, nth], f"{DRAWN}{name}_{nth}"
            if len(column) and (column == column[0]).all():
                alike[key] = float(column[0])
            else:
                columns[key] = pa.array(column)
    return columns | {f"{SAID}{name}": pa.array(each) for name, each in sampling.factors.said.items()}, alike


def _sampling(table: pa.Table, rule: Rule) -> Sampling:
    propensity, alike = _matrix(table, "propensity_"), orjson.loads(table.schema.metadata[b"alike"])

    def matrix(name: str) -> Floats:
        found = np.empty(propensity.shape)
        for nth in range(propensity.shape[1]):
            key = f"{DRAWN}{name}_{nth}"
            found[:, nth] = alike[key] if key in alike else table[key].to_numpy()
        return found

    columns = {"propensity": propensity, **{name: matrix(name) for name in NAMES[1:]}}
    said = {name.removeprefix(SAID): table[name].to_numpy() for name in table.column_names if name.startswith(SAID)}
    given = orjson.loads(table.schema.metadata[b"given"])
    return Sampling(_matrix(table, ROW), Factors(columns, given, said), rule)


def _read_columns(path: Path, *, drawn: bool) -> list[str] | None:
    return None if drawn else [name for name in pq.read_schema(path).names if not name.startswith(DRAWN)]


def _columns(name: str, matrix: NDArray[Any]) -> dict[str, pa.Array]:
    return {f"{name}{nth}": pa.array(matrix[:, nth]) for nth in range(matrix.shape[1])}


def _named(table: pa.Table, name: str) -> list[str]:
    return [each for each in table.column_names if each.startswith(name)]


def _matrix(table: pa.Table, name: str) -> NDArray[Any]:
    columns = [table[each].to_numpy() for each in _named(table, name)]
    return np.stack(columns, axis=1) if columns else np.zeros((len(table), 0))
