"""What a condition is made of once it is read: a small tree, the same for Python and for SQL."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["number", "word"]
"""What a value is where that can be told from the text alone."""
FORESEEN = "foreseen."
"""What the names of what a bundle foresees of a customer begin with."""
CONTEXT = "context."
"""What the names of the request's context begin with."""
Operator = Literal["=", "<>", "<", "<=", ">", ">="]
OPPOSITE: Mapping[Operator, Operator] = {"=": "<>", "<>": "=", "<": ">=", ">=": "<", "<=": ">", ">": "<="}
"""What holds of two known values where an operator does not."""


@dataclass(frozen=True, slots=True)
class Name:
    """A feature by its name, or a fact of the moment as `context.<name>`."""

    name: str


@dataclass(frozen=True, slots=True)
class Constant:
    """A number or a word written in the text; TRUE and FALSE as values are 1 and 0.

    Parameters: `of`, where the number is a moment or a duration, in seconds (since 1970, of a moment).
    """

    value: float | str
    of: Literal["moment", "duration"] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Arithmetic:
    """Two numbers added, subtracted, multiplied or divided; dividing by zero is not known."""

    operator: Literal["+", "-", "*", "/"]
    left: "Value"
    right: "Value"


Value = Name | Constant | Arithmetic


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values of one kind compared."""

    operator: Operator
    left: Value
    right: Value


@dataclass(frozen=True, slots=True)
class Among:
    """A value is one of the options, which are all of one kind."""

    value: Value
    options: tuple[float | str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A value is not known; the one question that always has an answer."""

    value: Value


@dataclass(frozen=True, slots=True)
class Negation:
    """The opposite; the opposite of unknown is unknown."""

    of: "Truth"


@dataclass(frozen=True, slots=True)
class Every:
    """False where one part is false, else unknown where one part is unknown, else true."""

    parts: tuple["Truth", ...]


@dataclass(frozen=True, slots=True)
class Some:
    """True where one part is true, else unknown where one part is unknown, else false."""

    parts: tuple["Truth", ...]


@dataclass(frozen=True, slots=True)
class Always:
    """TRUE or FALSE, written out."""

    truth: bool


Truth = Comparison | Among | Missing | Negation | Every | Some | Always


def kind_of(value: Value) -> Kind | None:
    """Tell what kind of value this is, None where only the customer's features can tell.

    >>> kind_of(Constant("gold")), kind_of(Arithmetic("+", Name("age"), Constant(1.0))), kind_of(Name("age"))
    ('word', 'number', None)
    """
    match value:
        case Name():
            return None
        case Constant(str()):
            return "word"
        case _:
            return "number"


def names_in(tree: Truth | Value) -> Iterator[str]:
    """Yield every feature and context name of the tree, in order of appearance, repeated as often as it appears."""
    match tree:
        case Name(name):
            yield name
        case Comparison(_, left, right) | Arithmetic(_, left, right):
            yield from names_in(left)
            yield from names_in(right)
        case Among(inner, _) | Missing(inner) | Negation(inner):
            yield from names_in(inner)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from names_in(part)


def computed_in(tree: Truth | Value) -> Iterator[Arithmetic]:
    """Yield whatever the tree computes, parts before what they are parts of, repeated as often as it appears."""
    match tree:
        case Comparison(_, left, right):
            yield from computed_in(left)
            yield from computed_in(right)
        case Arithmetic(_, left, right):
            yield from computed_in(left)
            yield from computed_in(right)
            yield tree
        case Among(inner, _) | Missing(inner) | Negation(inner):
            yield from computed_in(inner)
        case Every(parts) | Some(parts):
            for part in parts:
                yield from computed_in(part)
