"""What 150 conditions cost: for one customer as compiled Python, for a million in columns and in DuckDB."""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import duckdb
import numpy as np

from benchmarks.report import Cell, Report
from decisioning.condition import Condition, compile_condition
from decisioning.condition_array import Column, Words, true_of
from decisioning.condition_python import compile_leading
from decisioning.customer import FeatureValue

N_CONDITIONS = 150
ROUNDS = 15
WORDS = ("mass", "gold", "private")
AT_ONCE = 20_000
CUSTOMERS = 50
"""Of whom one is asked about after the other."""


def run(*, quick: bool) -> Report:
    """Judge generated conditions over numbers and words, of which one in ten is not known."""
    n = 20_000 if quick else 1_000_000
    rounds = 3 if quick else ROUNDS
    long, short = ([compile_condition(text(nth)) for nth in range(N_CONDITIONS)] for text in (_long, _short))
    columns = _columns(n)
    rows = [
        _row("four comparisons, one customer, all at once", 1, lambda: _together(long, rounds)),
        _row("four comparisons, one customer, one by one", 1, lambda: _one_by_one(long, rounds)),
        _row("one or two, one customer, all at once", 1, lambda: _together(short, rounds)),
        _row("one or two, one customer, one by one", 1, lambda: _one_by_one(short, rounds)),
        _row("four comparisons, columns, two threads", n, lambda: _many(long, columns, n)),
        _row("four comparisons, DuckDB, two threads", n, lambda: _in_duckdb(long, columns)),
    ]
    return Report(
        f"{N_CONDITIONS} conditions over 20 features. All at once: whether each is TRUE, by the one function that a "
        "placement has; one by one: TRUE, FALSE or unknown, each by its own. `ms` of one customer are CPU, the median "
        "of rounds; of many they are on the clock.",
        rows,
    )


def _row(how: str, n: int, work: Callable[[], float]) -> dict[str, Cell]:
    wall, cpu = time.perf_counter(), time.process_time()
    milliseconds = work()
    spent = time.process_time() - cpu
    return {"how": how, "customers": n, "ms": milliseconds, "wall s": time.perf_counter() - wall, "CPU s": spent}


def _long(nth: int) -> str:
    first, second = f"x{nth % 16}", f"x{(nth * 7 + 3) % 16}"
    word = WORDS[nth % 3]
    return (
        f"({first} > {nth % 11 - 5} OR {second} IS NULL) AND (s{nth % 4} <> '{word}' OR {first} < {second} * 2 + {nth})"
    )


def _short(nth: int) -> str:
    number, word = f"x{nth % 16} > {nth % 11 - 5}", f"s{nth % 4} <> '{WORDS[nth % 3]}'"
    return number if nth % 2 else f"{number} OR {word}"


def _together(conditions: list[Condition], rounds: int) -> float:
    leading = compile_leading([[condition.tree] for condition in conditions])
    return _median_of(rounds, leading)


def _one_by_one(conditions: list[Condition], rounds: int) -> float:
    truths = [condition.truth for condition in conditions]
    return _median_of(rounds, lambda values: [truth(values) for truth in truths])


def _median_of(rounds: int, ask: Callable[[dict[str, FeatureValue]], object]) -> float:
    """The median milliseconds of CPU for one customer."""
    customers, times = [_customer(place) for place in range(CUSTOMERS)], []
    for _ in range(rounds):
        began = time.process_time()
        for values in customers:
            ask(values)
        times.append((time.process_time() - began) / len(customers) * 1e3)
    return statistics.median(times)


def _customer(place: int) -> dict[str, FeatureValue]:
    numbers = {f"x{nth}": None if (place + nth) % 10 == 0 else float(place * nth % 9 - 4) for nth in range(16)}
    words = {f"s{nth}": None if (place - nth) % 10 == 0 else WORDS[(place + nth) % 3] for nth in range(4)}
    return {**numbers, **words}


def _columns(n: int) -> dict[str, Column]:
    rng = np.random.default_rng(1)
    numbers = {f"x{nth}": np.where(rng.random(n) < 0.1, np.nan, rng.normal(0, 4, n)) for nth in range(16)}
    words = {f"s{nth}": np.where(rng.random(n) < 0.1, np.nan, rng.integers(0, 3, n)) for nth in range(4)}
    return {**numbers, **{name: Words(codes, WORDS) for name, codes in words.items()}}


def _many(conditions: list[Condition], columns: dict[str, Column], n: int) -> float:
    trees = [condition.tree for condition in conditions]

    def block(start: int) -> int:
        some = {name: _part(column, slice(start, start + AT_ONCE)) for name, column in columns.items()}
        size = min(AT_ONCE, n - start)
        return sum(int(true_of(tree, some, n=size).sum()) for tree in trees)

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
