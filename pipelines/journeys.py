"""Draws the maps of a workspace's journeys from the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from decisioning.errors import InvalidInputError
from decisioning.journey import Journey
from features.history import History
from features.instant import to_us
from features.journey.history_stays import Wanted, history_stays, living, newest_us
from features.journey.prepared import keep
from features.journey.report import report
from features.journey.stays import Period
from pipelines.composition import Composition, compose

A_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Asked:
    """What to draw. Parameters: `journey`, one alone; `since` and `until`, the period; see `draw_journeys` for None."""

    journey: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def draw_journeys(home: Path, workspace: Path, asked: Asked) -> dict[str, Any]:
    """The maps as a document; the history is brought up to the ledger first.

    The period ends, where nothing else is asked, with the newest record, and begins a year before. Where nothing at all
    is asked the document is kept in the home, for `GET /v1/journeys`.

    Raises `InvalidInputError` where no such journey is declared, or the period ends before it begins.
    """
    with compose(home, workspace) as composition:
        return draw(composition, asked)


def draw(composition: Composition, asked: Asked) -> dict[str, Any]:
    """As `draw_journeys`, on an open home."""
    journeys, period = _journeys(composition, asked.journey), _period(composition, asked)
    History(composition.home.history, composition.features).catch_up(composition.ledger)
    wanted = Wanted(living(composition.ledger), journeys, period)
    found = history_stays(composition.home, composition.features, wanted)
    drawn = report(composition.features.journeys, found, period)
    document = {"currency": composition.catalog.catalog.currency, "drawn_at": composition.clock().isoformat(), **drawn}
    if asked == Asked():
        keep(composition.home.journeys, document)
    return document


def _journeys(composition: Composition, name: str | None) -> Sequence[Journey]:
    declared = {journey.name: journey for journey in composition.features.journeys.journeys}
    if not declared:
        raise InvalidInputError(f"{composition.workspace.journeys_path} declares no journey; see docs/journeys.md")
    if name is not None and name not in declared:
        raise InvalidInputError(f"unknown journey {name!r}; declared: {', '.join(declared)}", field="journey")
    return [journey for journey in declared.values() if name in (None, journey.name)]


def _period(composition: Composition, asked: Asked) -> Period:
    newest = newest_us(composition.ledger)
    end_us = to_us(asked.until or composition.clock()) if asked.until or newest is None else newest + 1
    since_us = to_us(asked.since) if asked.since else end_us - round(A_YEAR.total_seconds() * 1e6)
    if since_us >= end_us:
        raise InvalidInputError("the period ends before it begins; --since must be before --until", field="since")
    return Period(since_us, end_us)
