"""A condition over columns: what `condition_python` answers for one customer, for a whole history at once."""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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

Flags = NDArray[np.bool_]
Numbers = NDArray[np.float64]


class Words(NamedTuple):
    """A column of words. Parameters: `codes`, positions in `vocabulary`, NaN where not known."""

    codes: Numbers
    vocabulary: tuple[str, ...]


Column = Numbers | Words
"""Numbers, NaN where not known, or words."""


class Verdict(NamedTuple):
    """Where a condition is true and where it is false; where neither, it is unknown."""

    true: Flags
    false: Flags


def judge(tree: Truth, columns: Mapping[str, Column], *, n: int) -> Verdict:
    """What the condition says of each of n rows; a name without a column is unknown.

    >>> ages = np.array([17.0, 18.0, np.nan])
    >>> judge(Comparison(">=", Name("age"), Constant(18.0)), {"age": ages}, n=3).true
    array([False,  True, False])
    """
    with np.errstate(all="ignore"):
        verdict = _judge(tree, columns)
    return Verdict(np.broadcast_to(verdict.true, (n,)), np.broadcast_to(verdict.false, (n,)))


def amounts_of(value: Value, columns: Mapping[str, Column]) -> Numbers:
    """What a formula comes to, in the shape that its columns have together; NaN where it is not known."""
    column = _value(value, columns)
    return _NOT_KNOWN if isinstance(column, Words) else column


def computed(value: Value, columns: Mapping[str, Column], *, n: int) -> Numbers:
    """What a formula comes to for each of n rows, (n,); NaN where it is not known.

    >>> computed(Arithmetic("+", Name("age"), Constant(1.0)), {"age": np.array([17.0, np.nan])}, n=2)
    array([18., nan])
    """
    with np.errstate(all="ignore"):
        return np.broadcast_to(amounts_of(value, columns), (n,))


def _judge(tree: Truth, columns: Mapping[str, Column]) -> Verdict:
    match tree:
        case Always(truth):
            return Verdict(np.array(truth), np.array(not truth))
        case Comparison(operator, left, right):
            return _compared(_OPERATORS[operator], _value(left, columns), _value(right, columns))
        case Among(value, options):
            return _among(_value(value, columns), options)
        case Missing(value):
            unknown = _unknown(_value(value, columns))
            return Verdict(unknown, ~unknown)
        case Negation(inner):
            inside = _judge(inner, columns)
            return Verdict(inside.false, inside.true)
        case Every(parts):
            return reduce(_both, (_judge(part, columns) for part in parts))
        case Some(parts):
            return reduce(_either, (_judge(part, columns) for part in parts))


def _both(a: Verdict, b: Verdict) -> Verdict:
    return Verdict(a.true & b.true, a.false | b.false)


def _either(a: Verdict, b: Verdict) -> Verdict:
    return Verdict(a.true | b.true, a.false & b.false)


def _unknown(column: Column) -> Flags:
    return np.isnan(column.codes if isinstance(column, Words) else column)


def _compared(operator: Callable[..., Flags], left: Column, right: Column) -> Verdict:
    if isinstance(left, Words) != isinstance(right, Words):
        return Verdict(np.array(False), np.array(False))  # noqa: FBT003 (an array of one flag)
    known = ~_unknown(left) & ~_unknown(right)
    holds = operator(_plain(left), _plain(right))
    return Verdict(known & holds, known & ~holds)


def _plain(column: Column) -> NDArray[np.generic]:
    """What numpy can compare; where not known, anything."""
    if not isinstance(column, Words):
        return column
    return np.array(column.vocabulary)[np.nan_to_num(column.codes).astype(np.intp)]


def _among(column: Column, options: tuple[float | str, ...]) -> Verdict:
    if isinstance(column, Words) != isinstance(options[0], str):
        return Verdict(np.array(False), np.array(False))  # noqa: FBT003 (an array of one flag)
    known, within = ~_unknown(column), np.isin(_plain(column), np.array(options))
    return Verdict(known & within, known & ~within)


def _value(value: Value, columns: Mapping[str, Column]) -> Column:
    match value:
        case Name(name):
            return columns.get(name, _NOT_KNOWN)
        case Constant(str(word)):
            return Words(np.array(0.0), (word,))
        case Constant(number):
            return np.array(number)
        case Arithmetic(operator, left, right):
            return _computed(operator, _value(left, columns), _value(right, columns))


def _computed(operator: str, left: Column, right: Column) -> Column:
    if isinstance(left, Words) or isinstance(right, Words):
        return _NOT_KNOWN
    result = _ARITHMETIC[operator](left, right)
    return np.where(right == 0.0, np.nan, result) if operator == "/" else result


_NOT_KNOWN = np.array(np.nan)
_OPERATORS: Mapping[str, Callable[..., Flags]] = {
    "=": np.equal,
    "<>": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_ARITHMETIC: Mapping[str, Callable[..., Numbers]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
}
