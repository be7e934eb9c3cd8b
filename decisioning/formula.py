"""Formulas: numbers computed from features, in the language of conditions; what is not known makes them unknown."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from decisioning.condition import UNTYPED, check_known
from decisioning.condition_array import Column, computed
from decisioning.condition_kind import Kinds
from decisioning.condition_python import NumberFunction, compile_number
from decisioning.condition_reader import read_number
from decisioning.condition_sql import render_number
from decisioning.condition_tree import Value, names_in


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula, compiled.

    Parameters: `text` as written; `sql`, the same for DuckDB; `names` that it reads; `number`, its value for one
    customer's values, None where it is not known; `tree`.
    """

    text: str
    sql: str
    names: frozenset[str] = field(repr=False)
    number: NumberFunction = field(repr=False, compare=False)
    tree: Value = field(repr=False, compare=False)

    def of_many(self, columns: Mapping[str, Column], *, n: int) -> NDArray[np.float64]:
        """Its value for n customers, (n,), NaN where it is not known."""
        return computed(self.tree, columns, n=n)


@lru_cache(maxsize=4096)
def compile_formula(text: str) -> Formula:
    """Read a formula and compile it. Raises `CatalogError` with the offending text and what is allowed.

    >>> compile_formula("0.1 * margin + 2").number({"margin": 30.0})
    5.0
    >>> compile_formula("0.1 * margin + 2").number({}) is None
    True
    """
    tree = read_number(text, UNTYPED)
    return Formula(text, render_number(tree), frozenset(names_in(tree)), compile_number(tree), tree)


def check_formula(text: str, *, known: Collection[str] | None, kinds: Kinds) -> None:
    """Raise `CatalogError` of a formula that cannot be computed from these features.

    Parameters: `known`, the names that exist (None: any); `kinds`, what they mean, as far as that is known.
    """
    names = frozenset(names_in(read_number(text, kinds)))
    if known is not None:
        check_known(text, names, known)


def is_amount(number: float | None) -> bool:
    """Whether this can be a value or a cost: known, finite and not below 0.

    >>> is_amount(2.5), is_amount(None), is_amount(-1.0), is_amount(float("inf"))
    (True, False, False, False)
    """
    return number is not None and 0.0 <= number < float("inf")
