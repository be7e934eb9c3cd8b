"""Whom a batch is for: who was known when it began, kept beside its files in blocks, and is a customer still."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.population import Population
from pipelines.outbound.plan import damaged, has_begun
from pipelines.outbound.weighed import write_table

FILE = "customers.parquet"
ID = "customer_id"


def keep_customers(folder: Path, population: Population, at_once: int) -> None:
    """Keep who is known now, so many to a block, in order of their ids; nothing where the folder's batch has begun.

    Raises: `UnavailableError` where the ledger cannot be read.
    """
    if has_begun(folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    pages = [pa.array(ids) for ids in _pages(population, at_once)]
    write_table(folder / FILE, pa.table({ID: pa.chunked_array(pages, pa.string())}), rows=at_once)


def kept_customers(folder: Path) -> Iterator[list[str]]:
    """The customers of each block. Raises `InvalidInputError`, naming the file, where it is damaged or missing."""
    path = folder / FILE
    try:
        with pq.ParquetFile(path) as file:
            for nth in range(file.num_row_groups):
                yield file.read_row_group(nth)[ID].to_pylist()
    except (KeyError, OSError, ValueError) as damage:
        raise damaged(path, damage) from damage


def gone_since(population: Population, paths: Sequence[Path]) -> NDArray[np.bool_]:
    """Who of all weighed customers is none any more (n,): erased, or one with another.

    Raises: `UnavailableError` where the ledger cannot be read.
    """
    return np.concatenate([_gone(population, pq.read_table(path, columns=[ID])[ID].to_pylist()) for path in paths])


def _gone(population: Population, ids: Sequence[str]) -> NDArray[np.bool_]:
    known = set(population.known(ids))
    return np.array([each not in known for each in ids], dtype=np.bool_)


def _pages(population: Population, at_once: int) -> Iterator[list[str]]:
    after = ""
    while ids := population.ids(after, at_once):
        yield ids
        after = ids[-1]
