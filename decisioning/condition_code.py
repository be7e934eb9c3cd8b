"""Python expressions for conditions: what is true where one is TRUE, and what where it is FALSE; else it is unknown.

A number that is not known is NaN, of which every comparison but `!=` is false already: most of three-valued logic comes
for nothing. The only text of the author's in an expression are string and number literals, written by `repr`.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Literal

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
    kind_of,
)

Form = Literal["n", "w", "x"]
"""What a name is read as: a number, NaN where it is none; a word, None where it is none; either, None where neither."""
_SIGNS: Mapping[Operator, str] = {"=": "==", "<>": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_LOADS: Mapping[Form, str] = {
    "n": "{own} = get({name!r})\n if {own}.__class__ is not float: {own} = nan if {own} is None else number({own})",
    "w": "{own} = get({name!r})\n if {own}.__class__ is not str: {own} = None if {own} is None else word({own})",
    "x": (
        "{own} = get({name!r})\n if {own}.__class__ is float:\n  if {own} != {own}: {own} = None\n"
        " elif {own}.__class__ is not str and {own} is not None: {own} = plain({own})"
    ),
}


class Code:
    """Writes the expressions, and remembers which names they read, and as what."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._forms: dict[str, dict[Form, str]] = {}
        self._kept: dict[Value | Truth, str] = {}
        self._temporaries = count()

    def keep(self, tree: Arithmetic | Truth) -> str:
        """The statement that computes a tree once for all expressions that are written after it."""
        code = self.number(tree) if isinstance(tree, Arithmetic) else self.true(tree)
        self._kept[tree] = f"k{len(self._kept)}"
        return f"{self._kept[tree]} = {code}"

    def loads(self) -> Iterator[str]:
        """The statements that look up what the expressions written so far read."""
        for name, forms in self._forms.items():
            yield from (_LOADS[form].format(own=own, name=name) for form, own in forms.items())

    def true(self, tree: Truth) -> str:
        """What is true where the tree is TRUE."""
        if tree in self._kept:
            return self._kept[tree]
        match tree:
            case Always(truth):
                return str(truth)
            case Comparison(operator, left, right):
                return self._compared(operator, left, right)
            case Among():
                return self._among(tree)
            case Missing(value):
                return self._missing(value)
            case Negation(inner):
                return self.false(inner)
            case Every(parts):
                return _joined(" and ", map(self.true, parts))
            case Some(parts):
                return _joined(" or ", map(self.true, parts))

    def false(self, tree: Truth) -> str:
        """What is true where the tree is FALSE."""
        match tree:
            case Always(truth):
                return str(not truth)
            case Comparison(operator, left, right):
                return self._compared(OPPOSITE[operator], left, right)
            case Among():
                return self._not_among(tree)
            case Missing(value):
                return f"(not {self._missing(value)})"
            case Negation(inner):
                return self.true(inner)
            case Every(parts):
                return _joined(" or ", map(self.false, parts))
            case Some(parts):
                return _joined(" and ", map(self.false, parts))

    def leading(self, trees: Sequence[Truth]) -> str:
        """How many of these, from the first, are TRUE until one is not."""
        code = str(len(trees))
        for place in reversed(range(len(trees))):
            code = f"({code} if {self.true(trees[place])} else {place})"
        return code

    def number(self, value: Value) -> str:
        """The value as a number, NaN where it is not known."""
        match value:
            case Name(name):
                return self._local("n", name)
            case Constant(str()):
                return "nan"
            case Constant(number):
                return f"({number!r})"
            case Arithmetic():
                return self._kept.get(value) or self._computed(value)

    def _computed(self, tree: Arithmetic) -> str:
        left = self.number(tree.left)
        if tree.operator != "/":
            return f"({left} {tree.operator} {self.number(tree.right)})"
        divisor, again = self._twice(tree.right)
        return f"({left} / {again} if {divisor} else nan)"

    def _twice(self, value: Value) -> tuple[str, str]:
        """A number to be read first, and to be read again."""
        code = self.number(value)
        if not code.startswith("(") or isinstance(value, Constant):
            return code, code
        temporary = f"t{next(self._temporaries)}"
        return f"({temporary} := {code})", temporary

    def _compared(self, operator: Operator, left: Value, right: Value) -> str:
        if isinstance(left, Name) and isinstance(right, Name):
            return self._alike(operator, left, right)
        kinds = {kind_of(left), kind_of(right)} - {None}
        if len(kinds) > 1:
            return "False"
        if kinds == {"word"}:
            return self._words(operator, left, right)
        if operator != "<>":
            return f"{self.number(left)} {_SIGNS[operator]} {self.number(right)}"
        return f"{self._known(left)} != {self._known(right)}"

    def _known(self, value: Value) -> str:
        """The number, compared with itself where it may be NaN, to stand within a chain of comparisons."""
        code, again = self._twice(value)
        return code if isinstance(value, Constant) else f"{code} == {again}"

    def _words(self, operator: Operator, left: Value, right: Value) -> str:
        said = f"{self._word(left)} {_SIGNS[operator]} {self._word(right)}"
        names = [self._local("w", each.name) for each in (left, right) if isinstance(each, Name)]
        if operator == "=":
            return said
        return _joined(" and ", (*(f"{name} is not None" for name in names), said))

    def _word(self, value: Value) -> str:
        match value:
            case Name(name):
                return self._local("w", name)
            case Constant(word):
                return f"({word!r})"
            case Arithmetic():
                return "None"

    def _alike(self, operator: Operator, left: Name, right: Name) -> str:
        """Two names, of which only what they are read as says whether they can be compared."""
        one, other = (self._local("x", each.name) for each in (left, right))
        like = f"{one} is not None and {one}.__class__ is {other}.__class__"
        return f"({like} and {one} {_SIGNS[operator]} {other})"

    def _missing(self, value: Value) -> str:
        if isinstance(value, Arithmetic):
            return "({} != {})".format(*self._twice(value))
        return f"({self._local('x', value.name)} is None)" if isinstance(value, Name) else "False"

    def _among(self, tree: Among) -> str:
        value = self._word(tree.value) if isinstance(tree.options[0], str) else self.number(tree.value)
        return f"{value} in {_set(tree)}"

    def _not_among(self, tree: Among) -> str:
        if not _can_be_among(tree):
            return "False"
        if not isinstance(tree.options[0], str):
            return f"{self._known(tree.value)} not in {_set(tree)}"
        outside = f"{self._word(tree.value)} not in {_set(tree)}"
        return f"({self._word(tree.value)} is not None and {outside})" if isinstance(tree.value, Name) else outside

    def _local(self, form: Form, name: str) -> str:
        own = f"{form}{self._places.setdefault(name, len(self._places))}"
        self._forms.setdefault(name, {})[form] = own
        return own


def _joined(word: str, codes: Iterator[str] | Sequence[str]) -> str:
    return f"({word.join(codes)})"


def _can_be_among(tree: Among) -> bool:
    kind = kind_of(tree.value)
    return kind is None or (kind == "word") == isinstance(tree.options[0], str)


def _set(tree: Among) -> str:
    return "{" + ", ".join(map(repr, tree.options)) + "}"
