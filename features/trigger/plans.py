"""What triggers have in mind for a customer: moments to decide at, and messages that are not out yet. Only looks."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from decisioning.catalog import Catalog
from decisioning.errors import UnavailableError
from decisioning.trigger import Course, state_of
from features.instant import from_us
from features.trigger.delivery_book import State


class PlannedMoment(NamedTuple):
    """When a trigger will be decided for."""

    trigger: str
    placement: str
    channel: str
    at: datetime


class Message(NamedTuple):
    """How far the message of a decision came. Parameters: `next_at`, of the next attempt (None: there is none)."""

    trigger: str
    state: State
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Plans:
    """Reads the triggers' book of a home. Parameters: `path` (no file: no trigger was ever followed); `catalog`, now's.

    Raises from every method: `UnavailableError` where it cannot be read.
    """

    path: Path
    catalog: Callable[[], Catalog]

    def moments(self, nodes: Iterable[int], *, now: datetime) -> Iterator[PlannedMoment]:
        """The moments of a customer of these identifiers that are still to come, or due."""
        catalog = self.catalog()
        for name, due_us, *times in self._rows(_COURSES, list(nodes)):
            trigger, course = catalog.triggers.get(name), Course(*map(_moment, times))
            if trigger and course.began and state_of(trigger, course, now=now) in ("waiting", "due"):
                channel = catalog.placements[trigger.placement].channel
                usual = course.began + trigger.after
                yield PlannedMoment(name, trigger.placement, channel, max(usual, _moment(due_us) or usual))

    def messages(self, decision_ids: Iterable[str]) -> dict[str, Message]:
        """The messages of these decisions, by decision."""
        rows = self._rows(_MESSAGES, list(decision_ids))
        return {decision: Message(trigger, state, _moment(next_us)) for decision, trigger, state, next_us in rows}

    def _rows(self, query: str, among: list[int] | list[str]) -> list[tuple[Any, ...]]:
        if not self.path.exists():
            return []
        try:
            with closing(sqlite3.connect(f"{self.path.as_uri()}?mode=ro", uri=True, timeout=1)) as connection:
                return connection.execute(query, (orjson.dumps(among).decode(),)).fetchall()
        except sqlite3.Error as error:
            raise UnavailableError(f"the triggers' book {self.path} cannot be used: {error}") from error


def _moment(us: int | None) -> datetime | None:
    return None if us is None else from_us(us)


_COURSES = """
    SELECT trigger, max(due_us), max(began_us), max(called_off_us), max(dealt_with_us), max(fired_us)
    FROM json_each(?) n JOIN moment m ON m.node = n.value GROUP BY trigger ORDER BY trigger
"""
_MESSAGES = """
    SELECT delivery_id, trigger, state, next_us FROM json_each(?) n JOIN delivery d ON d.delivery_id = n.value
"""
