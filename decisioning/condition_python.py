"""A condition as one generated Python function: a hundred and fifty of them cost less than one database call.

The source is made from the whitelisted tree alone: the only text of the author's in it are string and number literals,
written by `repr`, and the function sees no builtins.
"""

from collections.abc import Callable, Mapping
from itertools import count
from numbers import Real
from typing import cast

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
    kind_of,
    names_in,
)
from decisioning.customer import FeatureValue

TruthFunction = Callable[[Mapping[str, FeatureValue]], bool | None]
NumberFunction = Callable[[Mapping[str, FeatureValue]], float | None]
_CLASSES = {"number": "float", "word": "str"}
_LOAD = """\
 {local} = get({name!r})
 if {local}.__class__ is float:
  if {local} != {local}: {local} = None
 elif {local} is not None and {local}.__class__ is not str: {local} = plain({local})
"""


def compile_python(tree: Truth) -> TruthFunction:
    """Compile the condition to a function of feature values: True, False or None (unknown). It never raises.

    >>> compile_python(Comparison(">", Name("age"), Constant(18.0)))({"age": 40.0})
    True
    """
    source = _Source.of(tree)
    return cast("TruthFunction", source.compiled(source.truth(tree)))


def compile_number(tree: Value) -> NumberFunction:
    """Compile a formula to a function of feature values: a number, or None where it is not known. It never raises.

    >>> compile_number(Arithmetic("*", Name("orders"), Constant(2.0)))({"orders": 3})
    6.0
    """
    source = _Source.of(tree)
    code, again = source.operand(tree)
    return cast("NumberFunction", source.compiled(f"({again} if {code}.__class__ is float else None)"))


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


class _Source:
    """Writes Python source for one tree; `locals` maps each name to its local variable."""

    def __init__(self, local_of: Mapping[str, str]) -> None:
        self.local_of = local_of
        self.numbers = count()

    @classmethod
    def of(cls, tree: Truth | Value) -> "_Source":
        return cls({name: f"x{index}" for index, name in enumerate(dict.fromkeys(names_in(tree)))})

    def compiled(self, code: str) -> object:
        """The function of feature values that returns what the code says."""
        loads = "".join(_LOAD.format(local=local, name=name) for name, local in self.local_of.items())
        text = f"def answer(values):\n get = values.get\n{loads} return {code}\n"
        scope: dict[str, object] = {"__builtins__": {}, "plain": plain, "float": float, "str": str}
        exec(compile(text, "<condition>", "exec"), scope)  # noqa: S102 - made from a whitelisted tree only
        return scope["answer"]

    def truth(self, tree: Truth) -> str:
        match tree:
            case Always(truth):
                return str(truth)
            case Comparison():
                return self.comparison(tree)
            case Among():
                return self.among(tree)
            case Missing(Constant()):
                return "False"
            case Missing(value):
                return f"({self.value(value)} is None)"
            case Negation(inner):
                temporary = self.temporary()
                return f"(None if ({temporary} := {self.truth(inner)}) is None else {temporary} is False)"
            case Every(parts):
                return self.every(parts)
            case Some(parts):
                return self.some(parts)

    def temporary(self) -> str:
        return f"t{next(self.numbers)}"

    def every(self, parts: tuple[Truth, ...]) -> str:
        bound = [(self.temporary(), self.truth(part)) for part in parts]
        refuted = " or ".join(f"({name} := {code}) is False" for name, code in bound)
        return f"(False if {refuted} else {' and '.join(name for name, _ in bound)})"

    def some(self, parts: tuple[Truth, ...]) -> str:
        bound = [(self.temporary(), self.truth(part)) for part in parts]
        proven = " or ".join(f"({name} := {code})" for name, code in bound)
        unknown = " or ".join(f"{name} is None" for name, _ in bound)
        return f"(True if {proven} else None if {unknown} else False)"

    def comparison(self, tree: Comparison) -> str:
        left, right = self.operand(tree.left), self.operand(tree.right)
        operator = {"=": "==", "<>": "!="}.get(tree.operator, tree.operator)
        guard = self.same_kind((tree.left, left), (tree.right, right))
        return f"({left[1]} {operator} {right[1]} if {guard} else None)"

    def among(self, tree: Among) -> str:
        first, again = self.operand(tree.value)
        wanted = "str" if isinstance(tree.options[0], str) else "float"
        options = ", ".join(map(repr, tree.options))
        return f"({again} in {{{options}}} if {first}.__class__ is {wanted} else None)"

    def operand(self, value: Value) -> tuple[str, str]:
        """Write the code that evaluates a value first, and the code that reads it again."""
        code = self.value(value)
        if not isinstance(value, Arithmetic):
            return code, code
        temporary = self.temporary()
        return f"({temporary} := {code})", temporary

    def same_kind(self, left: tuple[Value, tuple[str, str]], right: tuple[Value, tuple[str, str]]) -> str:
        """Write the code that asks whether two operands are known and can be compared."""
        kind = kind_of(left[0]) or kind_of(right[0])
        if kind is None:
            return f"{left[1][0]}.__class__ is {right[1][0]}.__class__ and {left[1][1]} is not None"
        open_ended = [first for value, (first, _) in (left, right) if not isinstance(value, Constant)]
        return " and ".join(f"{first}.__class__ is {_CLASSES[kind]}" for first in open_ended) or "True"

    def value(self, value: Value) -> str:
        match value:
            case Name(name):
                return self.local_of[name]
            case Constant(constant):
                return f"({constant!r})"
            case Arithmetic():
                return self.arithmetic(value)

    def arithmetic(self, tree: Arithmetic) -> str:
        (left, left_again), (right, right_again) = self.operand(tree.left), self.operand(tree.right)
        result = self.temporary()
        guard = f"{left}.__class__ is float and {right}.__class__ is float"
        divisible = f" and {right_again} != 0.0" if tree.operator == "/" else ""
        computed = f"({result} := {left_again} {tree.operator} {right_again})"
        return f"({result} if {guard}{divisible} and {computed} == {result} else None)"
