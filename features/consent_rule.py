"""Which of a customer's answers about one purpose on one channel stands: the strictest, fail closed.

Of each identifier the newest answer counts, and of one moment the no. A no by one identifier holds until a yes that was
given later by the merged customer: by an identifier that records up to that yes already tied to the one that said no. A
yes that was given before the two became one lifts nothing, and neither does one of the same moment.

It is a pure function of the set of records: the order in which they arrive does not matter.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple


class ConsentAnswer(NamedTuple):
    """One answer of one identifier (`node`); `occurred_us` in microseconds since the epoch; channel "" is all."""

    node: int
    purpose: str
    channel: str
    granted: bool
    occurred_us: int
    message_id: str

    @property
    def topic(self) -> tuple[str, str]:
        """What the answer is about."""
        return self.purpose, self.channel

    @property
    def age(self) -> tuple[int, bool, str]:
        """Ascending: of one moment, a no is newer than a yes."""
        return self.occurred_us, not self.granted, self.message_id


OneBy = Callable[[int, int, int], bool]
"""Whether two identifiers were one customer by a moment (microseconds), as records up to it tell."""


def standing(answers: Iterable[ConsentAnswer], one_by: OneBy) -> ConsentAnswer:
    """The answer that stands among those about one topic (one or more).

    >>> no, yes = (ConsentAnswer(node, "ads", "", node == 2, node, f"m-{node}") for node in (1, 2))
    >>> standing([no, yes], lambda *_: False).granted, standing([no, yes], lambda *_: True).granted
    (False, True)
    """
    newest: dict[int, ConsentAnswer] = {}
    for answer in answers:
        newest[answer.node] = max(answer, newest.get(answer.node, answer), key=lambda each: each.age)
    grants = [answer for answer in newest.values() if answer.granted]
    denials = [answer for answer in newest.values() if not answer.granted and not _lifted(answer, grants, one_by)]
    return max(denials or grants, key=lambda each: each.age)


def _lifted(denial: ConsentAnswer, grants: Iterable[ConsentAnswer], one_by: OneBy) -> bool:
    return any(
        grant.occurred_us > denial.occurred_us and one_by(denial.node, grant.node, grant.occurred_us)
        for grant in grants
    )
