"""A feature of a group: computed from the states of its members when it is read, so that nothing of it is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from features.primitives import OneByOne
from features.primitives_plain import Stateless

How = Literal["members", "together", "lowest", "trait"]


@dataclass(frozen=True, slots=True)
class OfGroup(Stateless, OneByOne):
    """What a group tells of the customer who belongs to it; looks at no fact and keeps no state.

    Parameters: `group`, the kind of the group, as its trait `type` says; `how`: how many members count (`members`), a
    feature of the facts of all of them as if they were one customer's (`together`), the lowest that a member has
    (`lowest`), or a trait of the group (`trait`); `of`, which feature or trait; `one_of`, the words of a trait that is
    a category; `needs_yes`, whether a member counts for the others only after a yes, or until a no.
    """

    group: str
    how: How
    of: str = ""
    one_of: tuple[str, ...] = ()
    needs_yes: bool = True
    kind: ClassVar[str] = "of_group"

    @staticmethod
    def at_one(_parts: Sequence[Sequence[float]], _now: float, parameter: Sequence[float], /) -> list[float]:
        """As `at`, of one customer."""
        return [float("nan")] * len(parameter)
