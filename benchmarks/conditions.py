"""What 150 conditions cost: for one customer as compiled Python, for a million in columns and in DuckDB."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import duckdb
import numpy as np

from benchmarks.report import Cell, Report
from decisioning.condition import Condition, compile_condition, read_condition
from decisioning.condition_array import Column, Words, judge

N_CONDITIONS = 150
ROUNDS = 15
WORDS = ("mass", "gold", "private")
AT_ONCE = 20_000


def run(*, quick: bool) -> Report:
    """Judge generated conditions over numbers and words, of which one in ten is not known."""
    n = 20_000 if quick else 1_000_000
    conditions = [compile_condition(_text(nth)) for nth in range(N_CONDITIONS)]
    columns = _columns(n)
    rows = [
        _row("one customer, Python", 1, lambda: _one(conditions, quick=quick)),
        _row("columns, two threads", n, lambda: _many(conditions, columns, n)),
        _row("DuckDB, two threads", n, lambda: _in_duckdb(conditions, columns)),
    ]
    return Report(f"{N_CONDITIONS} conditions of four comparisons each over 20 features.", rows)


def _row(how: str, n: int, work: Callable[[], float]) -> dict[str, Cell]:
    wall, cpu = time.perf_counter(), time.process_time()
    milliseconds = work()
    spent = time.process_time() - cpu
    return {"how": how, "customers": n, "ms": milliseconds, "wall s": time.perf_counter() - wall, "CPU s": spent}


def _text(nth: int) -> str:
    first, second = f"x{nth % 16}", f"x{(nth * 7 + 3) % 16}"
    word = WORDS[nth % 3]
    return (
        f"({first} > {nth % 11 - 5} OR {second} IS NULL) AND (s{nth % 4} <> '{word}' OR {first} < {second} * 2 + {nth})"
    )


def _columns(n: int) -> dict[str, Column]:
    rng = np.random.default_rng(1)
    numbers = {f"x{nth}": np.where(rng.random(n) < 0.1, np.nan, rng.normal(0, 4, n)) for nth in range(16)}
    words = {f"s{nth}": np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 3, n)) for nth in range(4)}
    return {**numbers, **{name: Words(codes, WORDS) for name, codes in words.items()}}


def _one(conditions: list[Condition], *, quick: bool) -> float:
    """The median milliseconds of CPU for one customer's 150 conditions."""
    customers = [{f"x{nth}": float(place * nth % 9 - 4) for nth in range(16)} | {"s0": "gold"} for place in range(50)]
    times = []
    for _ in range(3 if quick else ROUNDS):
        began = time.process_time()
        for values in customers:
            for condition in conditions:
                condition.truth(values)
        times.append((time.process_time() - began) / len(customers) * 1e3)
    return statistics.median(times)


def _many(conditions: list[Condition], columns: dict[str, Column], n: int) -> float:
    trees = [read_condition(condition.text) for condition in conditions]

    def block(start: int) -> int:
        some = {name: _part(column, slice(start, start + AT_ONCE)) for name, column in columns.items()}
        size = min(AT_ONCE, n - start)
        return sum(int(judge(tree, some, n=size).true.sum()) for tree in trees)

    began = time.perf_counter()
    with ThreadPoolExecutor(2) as pool:
        sum(pool.map(block, range(0, n, AT_ONCE)))
    return (time.perf_counter() - began) * 1e3


def _part(column: Column, rows: slice) -> Column:
    return Words(column.codes[rows], column.vocabulary) if isinstance(column, Words) else column[rows]


def _in_duckdb(conditions: list[Condition], columns: dict[str, Column]) -> float:
    import pyarrow as pa

    plain = {
        name: pa.array([None if c != c else column.vocabulary[int(c)] for c in column.codes.tolist()])
        if isinstance(column, Words)
        else pa.array(column, mask=np.isnan(column))
        for name, column in columns.items()
    }
    with duckdb.connect() as connection:
        connection.execute("SET threads = 2")
        connection.register("customers", pa.table(plain))
        counted = ", ".join(f"count(*) FILTER (WHERE {condition.sql})" for condition in conditions)
        began = time.perf_counter()
        connection.execute(f"SELECT {counted} FROM customers").fetchall()  # noqa: S608 (our own conditions)
        return (time.perf_counter() - began) * 1e3
