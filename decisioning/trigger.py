"""The right moment: what a customer does, or leaves undone, that leads to a decision by itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

State = Literal["idle", "waiting", "due", "missed"]


@dataclass(frozen=True, slots=True)
class Trigger:
    """A moment at which somebody is decided for unasked.

    Parameters: `placement`, decided for; `event`, the track event that begins it, with properties equal to `where` (""
    for a moment that its `condition` alone makes); `unless`, events that call it off; `after`, how long it has to be
    quiet: the event begins it anew each time; `condition`, what must be TRUE of the customer when it is due; `within`,
    how long after that a decision still makes sense; `again_after`, how long one customer is left alone (None: for
    ever).
    """

    name: str
    placement: str
    event: str = ""
    where: Mapping[str, str | float | bool] = field(default_factory=dict)
    unless: tuple[str, ...] = ()
    after: timedelta = timedelta(0)
    condition: str = ""
    within: timedelta = timedelta(days=1)
    again_after: timedelta | None = None

    def begins(self, event: str, properties: Mapping[str, object]) -> bool:
        """Whether a track event begins it.

        >>> cart = Trigger("cart", "mail", "Product Added", where={"category": "shoes"}, unless=("Order Completed",))
        >>> cart.begins("Product Added", {"category": "shoes"}), cart.begins("Product Added", {})
        (True, False)
        """
        return event == self.event and all(properties.get(name) == wanted for name, wanted in self.where.items())


@dataclass(frozen=True, slots=True)
class Course:
    """How far a trigger came with one customer; the newest moment of each kind, None where there was none.

    Parameters: `began`, by its event; `called_off`, by another; `dealt_with`, the `began` that was last decided for, or
    found not to be worth it; `fired`, when a decision was made of it.
    """

    began: datetime | None = None
    called_off: datetime | None = None
    dealt_with: datetime | None = None
    fired: datetime | None = None


def is_rested(trigger: Trigger, fired: datetime | None, *, now: datetime) -> bool:
    """Whether a customer for whom it fired then may be decided for again."""
    return fired is None or (trigger.again_after is not None and now >= fired + trigger.again_after)


def state_of(trigger: Trigger, course: Course, *, now: datetime) -> State:
    """Where a trigger stands: nothing to do, still to wait, due, or too late.

    >>> from datetime import UTC
    >>> began = datetime(2026, 3, 1, tzinfo=UTC)
    >>> cart = Trigger("cart", "mail", "Product Added", after=timedelta(minutes=30))
    >>> [state_of(cart, Course(began), now=began + timedelta(minutes=late)) for late in (29, 30, 24 * 60 + 30)]
    ['waiting', 'due', 'missed']
    >>> state_of(cart, Course(began, called_off=began), now=began + timedelta(hours=1))
    'idle'
    """
    began = course.began
    if began is None or _is_over(course, began) or not is_rested(trigger, course.fired, now=now):
        return "idle"
    if now < began + trigger.after:
        return "waiting"
    return "due" if now < began + trigger.after + trigger.within else "missed"


def _is_over(course: Course, began: datetime) -> bool:
    ends = (course.called_off, course.dealt_with)
    return any(end is not None and end >= began for end in ends)
