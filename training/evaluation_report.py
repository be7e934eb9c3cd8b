"""The table of policy values, for people and for machines."""

from dataclasses import asdict
from typing import Any

from rich.table import Table

from training.evaluation import (
    CHAMPION,
    DOING_NOTHING,
    HINDSIGHT_CONSTANT,
    REGISTERED_CONSTANT,
    PolicyEvaluation,
    PolicyValue,
)
from training.figures import decimals, with_interval

_GAPS = {
    REGISTERED_CONSTANT: "to best constant (training)",
    HINDSIGHT_CONSTANT: "to best constant (here)",
    DOING_NOTHING: "to nothing",
    CHAMPION: "to champion",
}


def policy_table(evaluation: PolicyEvaluation, *, currency: str = "") -> Table:
    """A rich table: values (raw, then capped), paired capped differences, effective sample size.

    Where both best constants are the same action, its column stands once.
    """
    roles = list({name: role for role, name in reversed(_named(evaluation))}.values())[::-1]
    places = decimals(*(row.raw.doubly_robust.value for row in evaluation.policies.values()))
    table = Table(title=_title(evaluation, currency), caption=_caption(evaluation))
    for heading in ("policy", "IPS", "SNIPS", "DR", "DR capped", *(_GAPS[role] for role in roles), "ESS", "w max"):
        first = heading == "policy"
        table.add_column(heading, justify="left" if first else "right", no_wrap=first)
    for name, row in evaluation.policies.items():
        table.add_row(*_cells(name, row, roles, places))
    return table


def evaluation_json(evaluation: PolicyEvaluation) -> dict[str, Any]:
    """The same as plain data, every figure unrounded; an end that is infinite is None."""
    plain: dict[str, Any] = _finite(asdict(evaluation))
    return plain


def _title(evaluation: PolicyEvaluation, currency: str) -> str:
    unit = f"{currency} per decision".strip()
    return f"Policy values, {unit}: {evaluation.n_decisions:,} decisions of {evaluation.n_customers:,} customers"


def _caption(evaluation: PolicyEvaluation) -> str:
    told = [f"{role}: {name}" for role, name in evaluation.references.items() if role not in (DOING_NOTHING, name)]
    how = f"{evaluation.confidence:.0%} intervals from {evaluation.replicates} Poisson bootstraps of customers"
    return "; ".join([f"{how}; differences are paired, doubly robust, of capped rewards", *told])


def _named(evaluation: PolicyEvaluation) -> list[tuple[str, str]]:
    return [(role, evaluation.references[role]) for role in _GAPS if role in evaluation.references]


def _cells(name: str, row: PolicyValue, roles: list[str], places: int) -> list[str]:
    values = (row.raw.ips, row.raw.snips, row.raw.doubly_robust, row.capped.doubly_robust)
    gaps = [with_interval(row.differences[role].estimate, signed=True, places=places) for role in roles]
    seen = f"{row.overlap.effective_sample_size:,.0f}" + ("" if row.overlap.usable else " unusable")
    told = [with_interval(value, places=places) for value in values]
    return [name, *told, *gaps, seen, f"{row.overlap.largest_weight:.1f}"]


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and value in (float("inf"), float("-inf")) else value
