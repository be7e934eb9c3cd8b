"""A condition as SQL: the text that answers for millions of customers what Python answers for one."""

from decisioning.condition_tree import (
    Always,
    Among,
    Arithmetic,
    Comparison,
    Constant,
    Every,
    Missing,
    Name,
    Negation,
    Some,
    Truth,
    Value,
)


def render_sql(tree: Truth) -> str:
    """Write the condition in DuckDB's SQL; a context name is the column `"context.<name>"`.

    Numbers are written as doubles (DuckDB reads `0.1` as an exact decimal) and dividing by zero is made NULL, so that
    both forms agree to the last bit.

    >>> render_sql(Comparison(">", Arithmetic("/", Name("revenue"), Name("orders")), Constant(50.0)))
    '(("revenue" / nullif("orders", 0)) > 50.0e0)'
    """
    match tree:
        case Always(truth):
            return "TRUE" if truth else "FALSE"
        case Comparison(operator, left, right):
            return f"({_value(left)} {operator} {_value(right)})"
        case Among(value, options):
            return f"({_value(value)} IN ({', '.join(_literal(option) for option in options)}))"
        case Missing(value):
            return f"({_value(value)} IS NULL)"
        case Negation(inner):
            return f"(NOT {render_sql(inner)})"
        case Every(parts):
            return f"({' AND '.join(map(render_sql, parts))})"
        case Some(parts):
            return f"({' OR '.join(map(render_sql, parts))})"


def render_number(value: Value) -> str:
    """Write a formula in DuckDB's SQL, as `render_sql` writes a condition."""
    return _value(value)


def _value(value: Value) -> str:
    match value:
        case Name(name):
            return '"' + name.replace('"', '""') + '"'
        case Constant(constant):
            return _literal(constant)
        case Arithmetic("/", left, right):
            return f"({_value(left)} / nullif({_value(right)}, 0))"
        case Arithmetic(operator, left, right):
            return f"({_value(left)} {operator} {_value(right)})"


def _literal(value: float | str) -> str:
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    text = repr(value)
    return text if "e" in text else f"{text}e0"
