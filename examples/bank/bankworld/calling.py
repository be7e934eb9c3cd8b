"""When channels ask for a decision: seldom, spread over the live time, and by the identifier they happen to have."""

from dataclasses import dataclass

import numpy as np

from bankworld.business import APP, CALL, EMAIL, WEB
from bankworld.chance import stream
from bankworld.identifier import Devices, SecondIds
from bankworld.people import Flags, Floats, Ints, People
from bankworld.timeline import DAYS, HISTORY_DAYS

SPACING_DAYS = 14
LAST_ANSWER_DAYS = 10.0
BY_USER_ID, BY_ANONYMOUS_ID, BY_EMAIL = range(3)


@dataclass(frozen=True, slots=True)
class Calls:
    """Moments in the order of time; every array is (n_moments,).

    Parameters: `channel` indexes `business.WAYS`; `by` says which identifier is used; `which` is the second user id (1)
    or not, or the device.
    """

    person: Ints
    day: Floats
    channel: Ints
    by: Ints
    which: Ints

    def __len__(self) -> int:
        return len(self.day)


def draw_calls(people: People, devices: Devices, seconds: SecondIds, *, has_app: Flags, n: int, seed: int) -> Calls:
    """Draw at most n moments, at least 14 days apart for each customer, the last of them ten days before the end."""
    rng = stream(seed, "moments")
    person, day = _days(rng, people, n)
    channel = _channels(rng, people, person, has_app)
    by, which = _identifiers(rng, devices, seconds, person, day, channel)
    order = np.argsort(day, kind="stable")
    return Calls(person[order], day[order], channel[order], by[order], which[order])


def _days(rng: np.random.Generator, people: People, n: int) -> tuple[Ints, Floats]:
    begin = np.ceil(np.maximum(people.opened + 1, HISTORY_DAYS))
    begin = np.where(np.isfinite(begin), begin, DAYS)
    room = np.floor(np.minimum(people.closed - 1, DAYS - LAST_ANSWER_DAYS) - 1 - begin)
    most = np.where(room >= 0, np.maximum(room, 0) // SPACING_DAYS + 1, 0).astype(np.int64)
    slot_person = np.repeat(np.arange(len(people)), most)
    wish = rng.random(len(slot_person)) ** (1 / people.activity[slot_person])
    person = np.sort(slot_person[np.argsort(-wish, kind="stable")[:n]])
    count = np.bincount(person, minlength=len(people))
    nth = np.arange(len(person)) - (np.cumsum(count) - count)[person]
    slack = room[person] - SPACING_DAYS * (count[person] - 1)
    offset = np.floor(rng.random(len(person)) * (slack + 1))
    offset = offset[np.lexsort((offset, person))]
    return person, begin[person] + offset + SPACING_DAYS * nth + _hour(rng, len(person))


def _hour(rng: np.random.Generator, n: int) -> Floats:
    hour: Floats = (8 + 13 * rng.beta(1.6, 1.4, n)) / 24
    return hour


def _channels(rng: np.random.Generator, people: People, person: Ints, has_app: Flags) -> Ints:
    weights = np.tile([0.34, 0.30, 0.22, 0.10], (len(person), 1))
    stated = people.preferred[person]
    known = np.flatnonzero(stated >= 0)
    weights[known, stated[known]] *= 2.2
    weights[~has_app[person], APP] = 0
    cumulative = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    channel: Ints = np.minimum((rng.random((len(person), 1)) > cumulative).sum(axis=1), CALL)
    return channel


def _identifiers(
    rng: np.random.Generator, devices: Devices, seconds: SecondIds, person: Ints, day: Floats, channel: Ints
) -> tuple[Ints, Ints]:
    chance, ordinal = rng.random(len(person)), rng.random(len(person))
    device = devices.first[person] + np.floor(ordinal * devices.count()[person]).astype(np.int64)
    device = np.where(devices.since[device] <= day, device, devices.first[person])
    anonymous = (chance < 0.08) & ((channel == WEB) | (channel == APP))
    by_mail = (chance < 0.25) & (channel == EMAIL)
    second = ((seconds.since[person] + 1 < day) & (ordinal < 0.4)).astype(np.int64)
    by = np.select([anonymous, by_mail], [BY_ANONYMOUS_ID, BY_EMAIL], BY_USER_ID)
    return by, np.where(anonymous, device, second)
