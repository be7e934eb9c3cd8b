"""Conditions as generated Python functions: a hundred and fifty of them cost less than one database call.

The source is made from whitelisted trees alone (`condition_code`), and the functions see no builtins.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import nan
from numbers import Real
from typing import cast

from decisioning.condition_code import Code
from decisioning.condition_tree import Arithmetic, Truth, Value, computed_in
from decisioning.customer import FeatureValue

Values = Mapping[str, FeatureValue]
TruthFunction = Callable[[Values], bool | None]
NumberFunction = Callable[[Values], float | None]
LeadingFunction = Callable[[Values], tuple[int, ...]]


def compile_python(tree: Truth) -> TruthFunction:
    """Compile the condition to a function of feature values: True, False or None (unknown). It never raises.

    >>> from decisioning.condition_tree import Comparison, Constant, Name
    >>> compile_python(Comparison(">", Name("age"), Constant(18.0)))({"age": 40.0})
    True
    """
    code = Code()
    kept = [code.keep(each) for each in _repeated([tree])]
    answer = f"True if {code.true(tree)} else False if {code.false(tree)} else None"
    return cast("TruthFunction", _function(code, kept, answer))


def compile_leading(groups: Sequence[Sequence[Truth]]) -> LeadingFunction:
    """Compile groups of conditions to one function: how many of each, from the first, are TRUE until one is not.

    What names say is looked up once for all of them, and what several have in common is computed once.

    >>> from decisioning.condition_tree import Comparison, Constant, Name
    >>> adult, rich = Comparison(">=", Name("age"), Constant(18.0)), Comparison(">", Name("income"), Constant(9.0))
    >>> compile_leading([[adult, rich], [rich], []])({"age": 40.0})
    (1, 0, 0)
    """
    code = Code()
    kept = [code.keep(each) for each in _repeated([tree for group in groups for tree in group])]
    answer = "".join(f"{code.leading(group)}, " for group in groups)
    return cast("LeadingFunction", _function(code, kept, f"({answer})"))


def compile_number(tree: Value) -> NumberFunction:
    """Compile a formula to a function of feature values: a number, or None where it is not known. It never raises.

    >>> from decisioning.condition_tree import Arithmetic, Constant, Name
    >>> compile_number(Arithmetic("*", Name("orders"), Constant(2.0)))({"orders": 3})
    6.0
    """
    code = Code()
    return cast("NumberFunction", _function(code, [], f"found if (found := {code.number(tree)}) == found else None"))


def _repeated(trees: Sequence[Truth]) -> list[Arithmetic | Truth]:
    """What is computed more than once, parts first, then the conditions that are asked more than once."""
    computed = Counter(each for tree in dict.fromkeys(trees) for each in computed_in(tree))
    often: list[Arithmetic | Truth] = [each for each, n in computed.items() if n > 1]
    return often + [each for each, n in Counter(trees).items() if n > 1]


def _function(code: Code, kept: Sequence[str], answer: str) -> object:
    """The function of feature values that returns what the code says."""
    lines = [*code.loads(), *kept, f"return {answer}"]
    text = "def answer(values):\n get = values.get\n" + "".join(f" {line}\n" for line in lines)
    scope = {**_SCOPE}
    exec(compile(text, "<condition>", "exec"), scope)  # noqa: S102 - made from a whitelisted tree only
    return scope["answer"]


def plain(value: object) -> FeatureValue:
    """See a value as a condition does: a float, a word, or not known (NaN and everything else).

    >>> plain(True), plain(3), plain(float("nan")), plain([1])
    (1.0, 3.0, None, None)
    """
    if isinstance(value, str):
        return str(value)
    if not isinstance(value, Real):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if number == number else None


def _number(value: object) -> float:
    seen = plain(value)
    return seen if isinstance(seen, float) else nan


def _word(value: object) -> str | None:
    seen = plain(value)
    return seen if isinstance(seen, str) else None


_SCOPE: Mapping[str, object] = {
    "__builtins__": {},
    "float": float,
    "str": str,
    "nan": nan,
    "plain": plain,
    "number": _number,
    "word": _word,
}
"""All that the functions see."""
