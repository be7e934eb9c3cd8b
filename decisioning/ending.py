"""What goes out later than it is decided goes out before its action is over, or any part of it, or not at all."""

from dataclasses import replace
from datetime import datetime

from decisioning.eligibility import Entrant, Slot
from decisioning.send_time import SendTime
from decisioning.slate import Slates


def in_time(slot: Slot, local: datetime) -> Slot:
    """The slot without the treatments that would go out once their action is over; itself where there is none.

    Parameters: `local`, the moment of the decision on the customer's clock.
    """
    left = {each.action.name: _left(each, slot, local) for each in slot.ending}
    if all(left[each.action.name] is each for each in slot.ending):
        return slot
    entrants = tuple([left.get(each.action.name, each) for each in slot.entrants])
    return replace(slot, entrants=entrants, slates=Slates({each.action.name: each.candidates for each in entrants}))


def _left(each: Entrant, slot: Slot, local: datetime) -> Entrant:
    late = [
        one
        for one in each.later
        if each.over(SendTime(one.treatment.wait, one.treatment.send_hour).after(local, slot.quiet))
    ]
    return replace(each, candidates=tuple([one for one in each.candidates if one not in late])) if late else each
