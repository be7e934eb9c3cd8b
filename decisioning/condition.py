"""Conditions: a small, safe, SQL-like language over a customer's features, with three truth values.

`age >= 18 AND (segment IN ('gold', 'silver') OR context.intent = 'cancellation')` is parsed once by sqlglot; what is
not on the whitelist is refused with its text. The tree becomes one Python function for one customer, and SQL for
millions; `tests/laws/test_condition_equals_duckdb.py` holds the two together.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

from decisioning.condition_kind import Kinds
from decisioning.condition_python import TruthFunction, compile_python
from decisioning.condition_sql import render_sql
from decisioning.condition_tree import CONTEXT, Always, Truth, names_in
from decisioning.customer import FeatureValue
from decisioning.errors import CatalogError, shortened

UNTYPED: Kinds = {}


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition, compiled.

    Parameters: `text` as written; `sql`, the same for DuckDB, where a context name is the column `"context.<name>"`;
    `names`, the features and context names it reads; `truth` answers True, False or None (unknown) for the values of
    one customer, and never raises: a missing name, NaN, a value of the wrong kind and a division by zero are unknown;
    `tree`, what it was read as.
    """

    text: str
    sql: str
    names: frozenset[str] = field(repr=False)
    truth: TruthFunction = field(repr=False, compare=False)
    tree: Truth = field(repr=False, compare=False)

    def holds(self, values: Mapping[str, FeatureValue]) -> bool:
        """Whether the condition is TRUE; unknown is not.

        >>> compile_condition("age >= 18").holds({"age": None})
        False
        """
        return self.truth(values) is True


def compile_condition(text: str, *, known: Collection[str] | None = None, kinds: Kinds = UNTYPED) -> Condition:
    """Read a condition and compile it; "" is always true.

    Parameters: `known`, the feature names that exist (None: any name will do); names of the context are always free;
    `kinds`, what names mean, as far as that is known. Raises `CatalogError` with the offending text, and what is
    allowed.

    >>> compile_condition("age >= 18 AND context.intent = 'buy'").truth({"age": 40.0, "context.intent": "buy"})
    True
    >>> compile_condition("sqrt(age) > 4")
    Traceback (most recent call last):
    ...
    decisioning.errors.CatalogError: condition "sqrt(age) > 4": SQRT(age) is not allowed; allowed are comparisons \
(= <> < <= > >=), AND, OR, NOT, IN (list), BETWEEN, IS [NOT] NULL, + - * /, 'words', numbers, TRUE, FALSE, \
durations such as 3 days, DATE 'YYYY-MM-DD', TIMESTAMP '...', feature names and context.<name>
    """
    tree = read_condition(text, kinds=kinds)
    names = frozenset(names_in(tree))
    if known is not None:
        check_known(text, names, known)
    return Condition(text=text, sql=render_sql(tree), names=names, truth=compile_python(tree), tree=tree)


def read_condition(text: str, *, kinds: Kinds = UNTYPED) -> Truth:
    """Read a condition as its tree; "" is always true. Raises `CatalogError` as `compile_condition` does.

    >>> read_condition("age >= 18")
    Comparison(operator='>=', left=Name(name='age'), right=Constant(value=18.0))
    """
    if not text.strip():
        return Always(truth=True)
    from decisioning.condition_reader import read_truth  # whoever reads no condition is spared the parser's import

    return read_truth(text, kinds)


def check_known(text: str, names: Collection[str], known: Collection[str]) -> None:
    """Raise `CatalogError` of a name that no feature has; names of the context are free."""
    for name in sorted(names):
        if name not in known and not name.startswith(CONTEXT):
            near = get_close_matches(name, known, n=3, cutoff=0.5) or sorted(known)[:5]
            hint = f"nearest are {', '.join(near)}" if near else "no feature is declared"
            message = f'condition "{shortened(text)}": unknown feature {name!r}; {hint}'
            raise CatalogError(f"{message} (a word stands in single quotes, a fact of the moment is context.<name>)")
