"""What a mapped table must hold, checked by pandera piece by piece; a row that does not is refused with its rule."""

from collections.abc import Mapping
from typing import Any

from features.contract.rule import FieldRule
from features.mapping.row_mapper import Check
from features.rejection import RejectedEventError


def check_of(rules: Mapping[str, FieldRule]) -> Check | None:
    """The check of columns by these rules; None where nothing is asked."""
    if not rules:
        return None
    import pandas as pd
    import pandera.pandas as pa

    schema = pa.DataFrameSchema({name: _column(rule) for name, rule in rules.items()})

    def check(columns: Mapping[str, list[Any]]) -> dict[int, RejectedEventError]:
        frame = pd.DataFrame({name: pd.Series(columns[name], dtype=object) for name in rules})
        try:
            schema.validate(frame, lazy=True)
        except pa.errors.SchemaErrors as errors:
            return _refused(errors.failure_cases, rules, columns)
        return {}

    return check


def _column(rule: FieldRule) -> Any:
    import pandera.pandas as pa

    asked = [
        pa.Check(is_right, element_wise=True, name=f"{code}|{allowed}", ignore_na=True)
        for code, is_right, allowed in rule.checks()
    ]
    return pa.Column(object, asked, nullable=not rule.required, name=rule.name)


def _refused(
    cases: Any, rules: Mapping[str, FieldRule], columns: Mapping[str, list[Any]]
) -> dict[int, RejectedEventError]:
    """The first thing wrong with each row, in the order of the columns."""
    refused: dict[int, RejectedEventError] = {}
    for name, check, row in cases[["column", "check", "index"]].itertuples(index=False, name=None):
        code, _, allowed = check.partition("|") if check != "not_nullable" else ("missing_property", "", "")
        refused.setdefault(int(row), rules[name].refusal(code, name, columns[name][int(row)], allowed))
    return refused
