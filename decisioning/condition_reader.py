"""Reads the text of a condition: sqlglot parses it, and what is not on the whitelist is refused with its text."""

from collections.abc import Callable, Mapping
from math import isfinite
from typing import Literal, NoReturn

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from decisioning.condition_kind import Kinds, UnlikeError, check_alike, meaning
from decisioning.condition_time import DATES, UNITS, duration, moment, spelled
from decisioning.condition_tree import (
    CONTEXT,
    FORESEEN,
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
)
from decisioning.errors import CatalogError, shortened

MAX_LENGTH = 4000
"""Characters a condition may have."""
MAX_DEPTH = 30
"""Levels a condition may nest."""
ALLOWED = (
    "comparisons (= <> < <= > >=), AND, OR, NOT, IN (list), BETWEEN, IS [NOT] NULL, + - * /, 'words', numbers, "
    "TRUE, FALSE, durations such as 3 days, DATE 'YYYY-MM-DD', TIMESTAMP '...', feature names and context.<name>"
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
_MOMENTS = (exp.DType.DATE, exp.DType.TIMESTAMP, exp.DType.TIMESTAMPNTZ, exp.DType.TIMESTAMPTZ)


def read_truth(text: str, kinds: Kinds) -> Truth:
    """The text as what is true or false. Raises `CatalogError`."""
    reader = _Reader(text, kinds)
    return reader.truth(reader.parsed(), MAX_DEPTH)


def read_number(text: str, kinds: Kinds) -> Value:
    """The text as a number. Raises `CatalogError`, of a moment or a duration too."""
    reader = _Reader(text, kinds)
    parsed = reader.parsed()
    value = reader.number(parsed, MAX_DEPTH)
    if meaning(value, kinds) not in ("number", None):
        reader.refuse_node(parsed, "numbers")
    return value


class _Reader:
    """Turns the syntax tree of one text into ours, refusing whatever is not on the whitelist."""

    def __init__(self, text: str, kinds: Kinds) -> None:
        self.text = text
        self.kinds = kinds

    def parsed(self) -> exp.Expr:
        """The syntax tree of the text."""
        if len(self.text) > MAX_LENGTH:
            self.refuse(f"{len(self.text)} characters, at most {MAX_LENGTH} are allowed")
        try:
            return sqlglot.parse_one(spelled(self.text), into=exp.Condition, dialect="duckdb")
        except SqlglotError:
            self.refuse(f"cannot be read; allowed are {ALLOWED}")
        except RecursionError:
            self.refuse("nested too deeply")

    def refuse(self, problem: str) -> NoReturn:
        raise CatalogError(f'condition "{shortened(self.text)}": {problem}')

    def refuse_node(self, node: exp.Expr, allowed: str = ALLOWED) -> NoReturn:
        self.refuse(f"{shortened(node.sql(dialect='duckdb'))} is not allowed; allowed are {allowed}")

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
        try:
            check_alike(left, operator, right, self.kinds)
        except UnlikeError as error:
            self.refuse_node(node, f"comparisons of numbers with numbers and of 'words' with 'words', not of {error}")
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
        return self.computed(node, Arithmetic(_ARITHMETIC[type(node)], left, right))

    def negative(self, node: exp.Expr, depth: int) -> Value:
        operand = self.number(node.this, depth)
        computed = self.computed(node, Arithmetic("*", Constant(-1.0), operand))
        if isinstance(operand, Constant) and isinstance(operand.value, float):
            return Constant(-operand.value, operand.of)
        return computed

    def computed(self, node: exp.Expr, value: Arithmetic) -> Arithmetic:
        try:
            meaning(value, self.kinds)
        except UnlikeError as error:
            self.refuse_node(node, f"moments and durations where they make sense, not {error}")
        return value

    def number(self, node: exp.Expr, depth: int) -> Value:
        value = self.value(node, depth)
        if kind_of(value) == "word" or (isinstance(value, Name) and self.kinds.get(value.name) == "word"):
            self.refuse_node(node, "numbers in arithmetic")
        return value

    def duration(self, node: exp.Expr, _depth: int) -> Value:
        number, unit = node.this, node.args.get("unit")
        constant = None
        if isinstance(number, exp.Literal) and isinstance(unit, exp.Var):
            constant = duration(number.name, unit.name)
        return constant or self.refuse_node(node, f"durations in {UNITS}")

    def moment(self, node: exp.Expr, _depth: int) -> Value:
        text, of = node.this, node.args["to"].this
        written = text.is_string and of in _MOMENTS
        constant = moment(str(text.this), day=of == exp.DType.DATE) if written else None
        return constant or self.refuse_node(node, DATES if of in _MOMENTS else ALLOWED)

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
        scope = "" if table is None else f"{table.this}."
        if scope not in ("", CONTEXT, FORESEEN) or node.args.get("db") or not isinstance(node.this, exp.Identifier):
            self.refuse_node(node, "feature names, context.<name> and foreseen.<name>")
        return Name(f"{scope}{node.this.this}")

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
        exp.Interval: duration,
        exp.Cast: moment,
    }
