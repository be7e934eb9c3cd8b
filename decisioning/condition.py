"""Conditions: a small, safe, SQL-like language over a customer's features, with three truth values.

`age >= 18 AND (segment IN ('gold', 'silver') OR context.intent = 'cancellation')` is parsed once by sqlglot; what is
not on the whitelist is refused with its text. The tree becomes one Python function for one customer, and SQL for
millions; `tests/laws/test_condition_equals_duckdb.py` holds the two together.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from math import isfinite
from typing import Literal, NoReturn

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from decisioning.condition_python import TruthFunction, compile_python
from decisioning.condition_sql import render_sql
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
    Operator,
    Some,
    Truth,
    Value,
    kind_of,
    names_in,
)
from decisioning.customer import FeatureValue
from decisioning.errors import CatalogError

MAX_LENGTH = 4000
"""Characters a condition may have."""
MAX_DEPTH = 30
"""Levels a condition may nest."""
CONTEXT = "context."
"""What the names of the request's context begin with."""
ALLOWED = (
    "comparisons (= <> < <= > >=), AND, OR, NOT, IN (list), BETWEEN, IS [NOT] NULL, + - * /, 'words', numbers, "
    "TRUE, FALSE, feature names and context.<name>"
)
_COMPARISONS: Mapping[type[exp.Expr], Operator] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_ARITHMETIC: Mapping[type[exp.Expr], Literal["+", "-", "*", "/"]] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, compiled.

    Parameters: `text` as written; `sql`, the same for DuckDB, where a context name is the column `"context.<name>"`;
    `names`, the features and context names it reads; `truth` answers True, False or None (unknown) for the values of
    one customer, and never raises: a missing name, NaN, a value of the wrong kind and a division by zero are unknown.
    """

    text: str
    sql: str
    names: frozenset[str] = field(repr=False)
    truth: TruthFunction = field(repr=False, compare=False)

    def holds(self, values: Mapping[str, FeatureValue]) -> bool:
        """Whether the condition is TRUE; unknown is not.

        >>> compile_condition("age >= 18").holds({"age": None})
        False
        """
        return self.truth(values) is True


def compile_condition(text: str, *, known: Collection[str] | None = None) -> Condition:
    """Read a condition and compile it; "" is always true.

    Parameters: `known`, the feature names that exist (None: any name will do); names of the context are always free.
    Raises `CatalogError` with the offending text and what is allowed.

    >>> compile_condition("age >= 18 AND context.intent = 'buy'").truth({"age": 40.0, "context.intent": "buy"})
    True
    >>> compile_condition("sqrt(age) > 4")
    Traceback (most recent call last):
    ...
    decisioning.errors.CatalogError: condition "sqrt(age) > 4": SQRT(age) is not allowed; allowed are comparisons \
(= <> < <= > >=), AND, OR, NOT, IN (list), BETWEEN, IS [NOT] NULL, + - * /, 'words', numbers, TRUE, FALSE, \
feature names and context.<name>
    """
    tree = read_condition(text)
    names = frozenset(names_in(tree))
    if known is not None:
        _check_known(text, names, known)
    return Condition(text=text, sql=render_sql(tree), names=names, truth=compile_python(tree))


def read_condition(text: str) -> Truth:
    """Read a condition as its tree; "" is always true. Raises `CatalogError` as `compile_condition` does.

    >>> read_condition("age >= 18")
    Comparison(operator='>=', left=Name(name='age'), right=Constant(value=18.0))
    """
    return _Reader(text).read() if text.strip() else Always(truth=True)


def _check_known(text: str, names: Collection[str], known: Collection[str]) -> None:
    for name in sorted(names):
        if name not in known and not name.startswith(CONTEXT):
            near = get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:5]
            hint = f"nearest are {', '.join(near)}" if near else "no feature is declared"
            message = f'condition "{_shortened(text)}": unknown feature {name!r}; {hint}'
            raise CatalogError(f"{message} (a word stands in single quotes, a fact of the moment is context.<name>)")


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 120 else f"{line[:117]}..."


class _Reader:
    """Turns the syntax tree of one text into ours, refusing whatever is not on the whitelist."""

    def __init__(self, text: str) -> None:
        self.text = text

    def read(self) -> Truth:
        if len(self.text) > MAX_LENGTH:
            self.refuse(f"{len(self.text)} characters, at most {MAX_LENGTH} are allowed")
        try:
            parsed = sqlglot.parse_one(self.text, into=exp.Condition, dialect="duckdb")
        except SqlglotError:
            self.refuse(f"cannot be read; allowed are {ALLOWED}")
        except RecursionError:
            self.refuse("nested too deeply")
        return self.truth(parsed, MAX_DEPTH)

    def refuse(self, problem: str) -> NoReturn:
        raise CatalogError(f'condition "{_shortened(self.text)}": {problem}')

    def refuse_node(self, node: exp.Expr, allowed: str = ALLOWED) -> NoReturn:
        self.refuse(f"{_shortened(node.sql(dialect='duckdb'))} is not allowed; allowed are {allowed}")

    def deeper(self, depth: int) -> int:
        if depth <= 0:
            self.refuse(f"nested deeper than {MAX_DEPTH} levels")
        return depth - 1

    def truth(self, node: exp.Expr, depth: int) -> Truth:
        """Read what is true or false."""
        node, below = node.unnest(), self.deeper(depth)
        reader = self.truth_readers.get(type(node))
        if reader is not None:
            return reader(self, node, below)
        if type(node) in _COMPARISONS:
            return self.comparison(node, below)
        if isinstance(node, exp.Column):
            self.refuse(f"{node.sql()} is a value, not a truth; write {node.sql()} = TRUE or {node.sql()} IS NOT NULL")
        return self.refuse_node(node)

    def every(self, node: exp.Expr, depth: int) -> Truth:
        return Every(tuple(self.truth(part, depth) for part in node.flatten()))

    def some(self, node: exp.Expr, depth: int) -> Truth:
        return Some(tuple(self.truth(part, depth) for part in node.flatten()))

    def negation(self, node: exp.Expr, depth: int) -> Truth:
        return Negation(self.truth(node.this, depth))

    def always(self, node: exp.Expr, _depth: int) -> Truth:
        return Always(bool(node.this))

    def missing(self, node: exp.Expr, depth: int) -> Truth:
        if type(node.expression) is not exp.Null:
            self.refuse_node(node, "IS NULL and IS NOT NULL")
        return Missing(self.value(node.this, depth))

    def between(self, node: exp.Expr, depth: int) -> Truth:
        if node.args.get("symmetric"):
            self.refuse_node(node, "x BETWEEN low AND high")
        value = self.value(node.this, depth)
        low, high = self.value(node.args["low"], depth), self.value(node.args["high"], depth)
        return Every((self.compared(node, ">=", value, low), self.compared(node, "<=", value, high)))

    def among(self, node: exp.Expr, depth: int) -> Truth:
        listed = node.expressions
        if not listed or any(part for key, part in node.args.items() if key not in {"this", "expressions"}):
            self.refuse_node(node, "x IN (a list of numbers or of 'words')")
        value = self.value(node.this, depth)
        options = [self.value(option, depth) for option in listed]
        for option in options:
            self.compared(node, "=", value, option)
            self.compared(node, "=", options[0], option)
        constants = [option.value for option in options if isinstance(option, Constant)]
        if len(constants) < len(options):
            self.refuse_node(node, "x IN (a list of numbers or of 'words')")
        return Among(value, tuple(constants))

    def comparison(self, node: exp.Expr, depth: int) -> Truth:
        left, right = self.value(node.this, depth), self.value(node.expression, depth)
        return self.compared(node, _COMPARISONS[type(node)], left, right)

    def compared(self, node: exp.Expr, operator: Operator, left: Value, right: Value) -> Comparison:
        kinds = {kind_of(left), kind_of(right)}
        if {"number", "word"} <= kinds:
            self.refuse_node(node, "comparisons of numbers with numbers and of 'words' with 'words'")
        return Comparison(operator, left, right)

    def value(self, node: exp.Expr, depth: int) -> Value:
        """Read what can be compared: a number, a word, a name, arithmetic."""
        node, below = node.unnest(), self.deeper(depth)
        if isinstance(node, exp.Null):
            self.refuse("nothing equals NULL; write IS NULL or IS NOT NULL")
        if type(node) in _ARITHMETIC:
            return self.arithmetic(node, below)
        reader = self.value_readers.get(type(node))
        if reader is None:
            self.refuse_node(node)
        return reader(self, node, below)

    def arithmetic(self, node: exp.Expr, depth: int) -> Value:
        left, right = self.number(node.this, depth), self.number(node.expression, depth)
        return Arithmetic(_ARITHMETIC[type(node)], left, right)

    def negative(self, node: exp.Expr, depth: int) -> Value:
        operand = self.number(node.this, depth)
        if isinstance(operand, Constant) and isinstance(operand.value, float):
            return Constant(-operand.value)
        return Arithmetic("-", Constant(0.0), operand)

    def number(self, node: exp.Expr, depth: int) -> Value:
        value = self.value(node, depth)
        if kind_of(value) == "word":
            self.refuse_node(node, "numbers in arithmetic")
        return value

    def literal(self, node: exp.Expr, _depth: int) -> Value:
        if node.args["is_string"]:
            return Constant(str(node.this))
        number = float(node.this)
        if not isfinite(number):
            self.refuse_node(node, "numbers that a double can hold")
        return Constant(number)

    def boolean(self, node: exp.Expr, _depth: int) -> Value:
        return Constant(1.0 if node.this else 0.0)

    def name(self, node: exp.Expr, _depth: int) -> Value:
        table = node.args.get("table")
        qualified = table is not None and (node.args.get("db") is not None or table.this != CONTEXT.rstrip("."))
        if qualified or not isinstance(node.this, exp.Identifier):
            self.refuse_node(node, "feature names and context.<name>")
        return Name(f"{CONTEXT}{node.this.this}" if table is not None else str(node.this.this))

    truth_readers: Mapping[type[exp.Expr], Callable[["_Reader", exp.Expr, int], Truth]] = {
        exp.And: every,
        exp.Or: some,
        exp.Not: negation,
        exp.Boolean: always,
        exp.Is: missing,
        exp.Between: between,
        exp.In: among,
    }
    value_readers: Mapping[type[exp.Expr], Callable[["_Reader", exp.Expr, int], Value]] = {
        exp.Column: name,
        exp.Literal: literal,
        exp.Boolean: boolean,
        exp.Neg: negative,
    }
