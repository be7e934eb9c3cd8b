"""The year's events in order, told as Segment events for any stretch of time."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np

from bankworld.identifier import anonymous_id, user_id
from bankworld.people import Ints
from bankworld.row import Kind, Rows
from bankworld.timeline import Timeline
from bankworld.wording import Wording

SegmentEvent = dict[str, Any]
RESENT_EVERY = 499
_CHUNK = 20_000


@dataclass(frozen=True, slots=True)
class Journal:
    """All rows of the year, sorted; about one in 500 is sent twice, as networks do.

    Parameters: `us` (n_rows,), when each occurred, in microseconds since the epoch.
    """

    rows: Rows
    us: Ints
    wording: Wording

    @classmethod
    def of(cls, rows: Rows, timeline: Timeline, wording: Wording) -> "Journal":
        """The journal of sorted rows."""
        return cls(rows, timeline.us(rows.day), wording)

    def between(self, since_us: int, until_us: int, *, moot: AbstractSet[int] = frozenset()) -> Iterator[SegmentEvent]:
        """Events in [since, until); solutions of the tickets in `moot` did not happen, somebody was faster."""
        low, high = np.searchsorted(self.us, [since_us, until_us])
        for start in range(int(low), int(high), _CHUNK):
            yield from self._told(start, min(start + _CHUNK, int(high)), moot)

    def _told(self, low: int, high: int, moot: AbstractSet[int]) -> Iterator[SegmentEvent]:
        rows, sayings = self.rows.where(np.arange(low, high)), self.wording.sayings()
        stamps = np.datetime_as_string(self.us[low:high].astype("datetime64[us]"), unit="ms").tolist()
        columns = (rows.person, rows.kind, rows.user, rows.device, rows.a, rows.b)
        for number, (stamp, person, kind, user, device, a, b) in enumerate(
            zip(stamps, *(column.tolist() for column in columns), strict=True), low
        ):
            if kind == Kind.TICKET_SOLVED and a in moot:
                continue
            event = segment_event(f"e-{number}", stamp + "Z", sayings[kind](person, a, b))
            sign(event, person, user=user, device=device)
            yield event
            if number % RESENT_EVERY == 0:
                yield event


def segment_event(message_id: str, timestamp: str, said: tuple[str, str, dict[str, Any]]) -> SegmentEvent:
    """The event without its sender."""
    kind, name, body = said
    event: SegmentEvent = {"messageId": message_id, "type": kind, "timestamp": timestamp}
    if name:
        event["event" if kind == "track" else "name"] = name
    if kind != "alias":
        event["traits" if kind == "identify" else "properties"] = body
    return event


def sign(event: SegmentEvent, person: int, *, user: int, device: int = -1) -> None:
    """Add who sent it: a user id, a device, or both (an alias names the device as the previous id)."""
    if user >= 0:
        event["userId"] = user_id(person, user)
    if device >= 0:
        event["previousId" if event["type"] == "alias" else "anonymousId"] = anonymous_id(device)
