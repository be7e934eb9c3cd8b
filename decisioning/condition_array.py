"""A condition over columns: what `condition_python` answers for one customer, for a whole history at once."""

from collections.abc import Callable, Mapping
from functools import reduce
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from decisioning.condition_tree import (
    OPPOSITE,
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
    >>> judge(Comparison(">=", Name("age"), Constant(18.0)), {"age": ages}, n=3).false
    array([ True, False, False])
    """
    return Verdict(true_of(tree, columns, n=n), true_of(Negation(tree), columns, n=n))


def true_of(tree: Truth, columns: Mapping[str, Column], *, n: int) -> Flags:
    """Of which of n rows the condition is TRUE, (n,); half of what `judge` costs.

    >>> true_of(Comparison(">=", Name("age"), Constant(18.0)), {"age": np.array([17.0, 18.0, np.nan])}, n=3)
    array([False,  True, False])
    """
    with np.errstate(all="ignore"):
        return np.broadcast_to(_true(tree, columns), (n,))


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


def _true(tree: Truth, columns: Mapping[str, Column]) -> Flags:
    match tree:
        case Always(truth):
            return np.array(truth)
        case Comparison(operator, left, right):
            return _compared(operator, _value(left, columns), _value(right, columns))
        case Among(value, options):
            return _among(_value(value, columns), options)
        case Missing(value):
            return np.isnan(_codes(_value(value, columns)))
        case Negation(inner):
            return _false(inner, columns)
        case Every(parts):
            return reduce(np.logical_and, (_true(part, columns) for part in parts))
        case Some(parts):
            return reduce(np.logical_or, (_true(part, columns) for part in parts))


def _false(tree: Truth, columns: Mapping[str, Column]) -> Flags:
    match tree:
        case Comparison(operator, left, right):
            return _compared(OPPOSITE[operator], _value(left, columns), _value(right, columns))
        case Among(value, options):
            column = _value(value, columns)
            return ~_among(column, options) & ~np.isnan(_codes(column)) & _can_be_among(column, options)
        case Always() | Missing():
            return ~_true(tree, columns)
        case Negation(inner):
            return _true(inner, columns)
        case Every(parts):
            return reduce(np.logical_or, (_false(part, columns) for part in parts))
        case Some(parts):
            return reduce(np.logical_and, (_false(part, columns) for part in parts))


def _codes(column: Column) -> Numbers:
    return column.codes if isinstance(column, Words) else column


def _compared(operator: Operator, left: Column, right: Column) -> Flags:
    """Where it holds: of NaN nothing holds but `<>`, which is asked in two parts."""
    if isinstance(left, Words) != isinstance(right, Words):
        return np.array(False)  # noqa: FBT003 (an array of one flag)
    one, other = _ranked(operator, left, right)
    return (one < other) | (one > other) if operator == "<>" else _OPERATORS[operator](one, other)


def _ranked(operator: Operator, left: Column, right: Column) -> tuple[Numbers, Numbers]:
    """Numbers that compare as the columns do; words that only have to be told apart keep the codes of the left."""
    if not isinstance(left, Words) or not isinstance(right, Words):
        return _codes(left), _codes(right)
    words = dict.fromkeys((*left.vocabulary, *right.vocabulary))
    ranks = {word: float(rank) for rank, word in enumerate(words if operator in ("=", "<>") else sorted(words))}
    return _renumbered(left, ranks), _renumbered(right, ranks)


def _renumbered(column: Words, ranks: Mapping[str, float]) -> Numbers:
    table = np.array([*(ranks[word] for word in column.vocabulary), np.nan])
    if (table[:-1] == np.arange(len(table) - 1)).all():
        return column.codes
    found: Numbers = table[np.nan_to_num(column.codes, nan=-1.0).astype(np.intp)]
    return found


def _can_be_among(column: Column, options: tuple[float | str, ...]) -> bool:
    return isinstance(column, Words) == isinstance(options[0], str)


def _among(column: Column, options: tuple[float | str, ...]) -> Flags:
    if not _can_be_among(column, options):
        return np.array(False)  # noqa: FBT003 (an array of one flag)
    if isinstance(column, Words):
        wanted = [float(code) for code, word in enumerate(column.vocabulary) if word in options]
        return np.isin(column.codes, wanted)
    return np.isin(column, np.array(options))


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
