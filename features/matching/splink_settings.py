"""The default configuration as Splink sees it: a table of cleansed values, and comparisons in SQL."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from features.matching.comparison import Comparison
from features.matching.comparison_names import CROSSING
from features.matching.people import Field, People
from features.matching.unit import Unit

CONVERGENCE = 0.003
"""Expectation maximisation ends where no parameter changes by more: beyond, few pairs drive a probability to 0."""


def column_of(field: Field, fields: Sequence[Field]) -> str:
    """The name of a field's column in SQL: user's names need not be names in SQL."""
    return f"f{list(fields).index(field)}"


def frame_of(people: People) -> pd.DataFrame:
    """The table, missing values as NULL."""
    columns = {
        column_of(field, people.fields): [text or None for text in people.column(field)] for field in people.fields
    }
    frame = pd.DataFrame(columns, dtype=object)
    frame.insert(0, "unique_id", range(len(people)))
    return frame


def settings_of(units: Sequence[Unit], fields: Sequence[Field]) -> dict[str, Any]:
    """Splink's settings: one comparison per field, its levels from the highest down, as calls of `macros_of`."""
    comparisons = [comparison for unit in units for comparison in _comparisons(unit, fields)]
    return {
        "link_type": "dedupe_only",
        "comparisons": comparisons,
        "blocking_rules_to_generate_predictions": [],
        "em_convergence": CONVERGENCE,
    }


def macros_of(units: Sequence[Unit]) -> dict[str, str]:
    """The SQL of every level, as DuckDB macros by name: Splink reads a call in no time, and long conditions slowly."""
    comparisons = {comparison.name: comparison for unit in units for comparison in unit.comparisons}
    levels = {
        _macro(comparison, place): level.sql
        for comparison in comparisons.values()
        for place, level in enumerate(comparison.levels)
    }
    silent = {f"{name}_silent": comparison.silent for name, comparison in comparisons.items()}
    return {
        name: f"CREATE MACRO {name}(l, r, l2, r2) AS ({sql.format(l='l', r='r', l2='l2', r2='r2')})"
        for name, sql in {**levels, **silent, "names_crossed": CROSSING}.items()
    }


def _macro(comparison: Comparison, place: int) -> str:
    return f"{comparison.name}_{place}"


def _comparisons(unit: Unit, fields: Sequence[Field]) -> list[dict[str, Any]]:
    columns = [column_of(field, fields) for field in unit.fields]
    return [_comparison(unit, place, columns) for place in range(len(columns))]


def _comparison(unit: Unit, place: int, columns: Sequence[str]) -> dict[str, Any]:
    own, comparison = columns[place], unit.comparisons[place]
    null = {"sql_condition": _missing(unit, place, columns), "label_for_charts": "missing", "is_null_level": True}
    levels = [
        {
            "sql_condition": f"{_macro(comparison, at)}({_sides(own, columns[-1])})",
            "label_for_charts": level.name,
            "m_probability": level.m,
        }
        for at, level in enumerate(comparison.levels)
    ]
    lowest = {"sql_condition": "ELSE", "label_for_charts": comparison.names[0]}
    return {"output_column_name": own, "comparison_levels": [null, *levels, lowest]}


def _missing(unit: Unit, place: int, columns: Sequence[str]) -> str:
    """When nothing is compared; names that crossed count once, with the first of them."""
    own = f'("{columns[place]}_l" IS NULL OR "{columns[place]}_r" IS NULL)'
    if len(columns) == 1:
        return f"{own} OR {unit.comparisons[place].name}_silent({_sides(columns[0], columns[0])})"
    crossed = f"names_crossed({_sides(columns[0], columns[1])})"
    return f"{own} AND NOT {crossed}" if place == 0 else f"{own} OR {crossed}"


def _sides(own: str, other: str) -> str:
    return ", ".join(f'"{column}_{side}"' for column in (own, other) for side in ("l", "r"))
