"""The declaration of one feature: its words, its primitive and where its state is kept."""

from dataclasses import dataclass
from typing import Literal

from decisioning.customer import FeatureValue
from features.primitives import Part, Primitive

Kind = Literal["number", "category", "moment"]
"""A moment is a number too, of seconds since 1970 (UTC): conditions compare it with dates, no model learns from it."""
OWN = "the workspace"
"""Who answers for a feature that names nobody."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One documented feature, declared once for the past and the present.

    Parameters: `view`, which row of the customer keeps its state; `kind` `category` has its words in `one_of`;
    `default` stands where nothing is known; `purpose` is what it may be used for ("": everything; of several, with
    commas, each must be allowed); `owner`, who answers for it.
    """

    name: str
    view: str
    primitive: Primitive
    description: str
    kind: Kind = "number"
    one_of: tuple[str, ...] = ()
    default: FeatureValue = None
    purpose: str = ""
    owner: str = OWN

    @property
    def nothing(self) -> float:
        """What its value is, as a number or code, where nothing is known."""
        if isinstance(self.default, str):
            return float(self.one_of.index(self.default))
        return self.primitive.nothing if self.default is None else float(self.default)

    @property
    def purposes(self) -> tuple[str, ...]:
        """The purposes that must all be allowed.

        >>> from features.primitives_value import trait
        >>> Feature("x", "v", trait("x"), "", purpose="marketing, profiling").purposes
        ('marketing', 'profiling')
        """
        return tuple(filter(None, self.purpose.replace(" ", "").split(",")))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of its state columns, with those it shares."""
        return tuple(column for part in self.primitive.parts() for column in self.columns_of(part))

    def columns_of(self, part: Part) -> tuple[str, ...]:
        """The names of the columns of one part."""
        return part.columns(self.primitive.kind if part.shared else self.name)
