"""A moment as a channel sends it."""

from bankworld.business import WAYS
from bankworld.calling import BY_ANONYMOUS_ID, BY_EMAIL, Calls
from bankworld.identifier import anonymous_id, email, user_id
from bankworld.timeline import Timeline
from decisioning.customer import CustomerReference
from decisioning.errors import NotFoundError
from pipelines.world import Moment


def moment(calls: Calls, timeline: Timeline, index: int) -> Moment:
    """The moment of that index."""
    at = timeline.at(float(calls.day[index]))
    way = WAYS[calls.channel[index]]
    context = {"daypart": "morning" if at.hour < 12 else "afternoon" if at.hour < 17 else "evening"}
    return Moment(f"m-{index}", reference(calls, index), way.placement, way.channel, at, context)


def reference(calls: Calls, index: int) -> CustomerReference:
    """By what the channel knows the customer at this moment."""
    person, which = int(calls.person[index]), int(calls.which[index])
    if calls.by[index] == BY_ANONYMOUS_ID:
        return CustomerReference("anonymous_id", anonymous_id(which))
    if calls.by[index] == BY_EMAIL:
        return CustomerReference("email", email(person))
    return CustomerReference("user_id", user_id(person, which))


def index_of(moment: Moment, n_moments: int) -> int:
    """Which of the bank's moments it is; raises `NotFoundError` where it is none of them."""
    prefix, _, number = moment.moment_id.partition("-")
    if prefix != "m" or not number.isdecimal() or int(number) >= n_moments:
        message = f"no such moment: {moment.moment_id!r}; this world has m-0 to m-{n_moments - 1}"
        raise NotFoundError(message, field="moment_id")
    return int(number)
