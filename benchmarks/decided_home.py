"""A home of the generated bank that has decided much: its customers' real history, and decisions with a known law.

History, decisions, impressions and conversions go through the home's own stores. What was known at a decision and how
its customer answered come from `benchmarks.generated_log`, written by columns: a simulator that decides one at a time
takes an hour for what this takes minutes.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from benchmarks.generated_log import generated_log
from decisioning.action import Conversion
from decisioning.catalog import Catalog
from decisioning.customer import CustomerReference
from decisioning.decision import Decision, RankedAction, Versions
from decisioning.outcome import Outcome
from pipelines.clock import SimulatedClock
from pipelines.composition import Composition, compose
from pipelines.ingest import load
from pipelines.materialize import materialize
from pipelines.simulate import world_of, write_history
from pipelines.world import SegmentEvent
from training.dataset import DecisionLogFrame
from training.feature_column import feature_columns

BANK = Path("examples/bank")
OPENS = datetime(2025, 1, 1, tzinfo=UTC)
PLACEMENT = "web_home"
AT_ONCE = 5_000
"""Decisions that are written in one transaction."""
CONVERTS_AFTER = timedelta(minutes=20)
MATURES_WITHIN = timedelta(days=30)
"""The last decision lies so long before the world ends: by then all that was declared to follow it has happened."""


def decided_home(home: Path, *, customers: int, decisions: int, seed: int = 1) -> datetime:
    """Make the home; returns a moment at which every decision has matured: the world's end.

    Customers go on living while they are decided for: without what they do by themselves nobody would leave any more.
    """
    world = world_of(BANK, n_customers=customers, n_live_decisions=1, seed=seed, starts_at=OPENS)
    path, _ = write_history(world, home / "incoming")
    clock = SimulatedClock(world.opens_at)
    with compose(home, BANK, clock=clock) as composition:
        load(composition, path, received_at=clock(), source="history", catch_up=False)
        until = world.closes_at - MATURES_WITHIN
        log = _log(composition, world.opens_at, until, customers=customers, decisions=decisions)
        clock.move(world.closes_at)
        live = _lines(home / "incoming" / "live.jsonl", world.events(world.opens_at, world.closes_at))
        load(composition, live, received_at=clock(), source="live", catch_up=False)
        write_log(composition, log)
        materialize(composition)
    return world.closes_at


def write_log(composition: Composition, log: DecisionLogFrame) -> None:
    """Write the decisions of a log, that what they chose was shown, and the conversions that followed."""
    for start in range(0, len(log), AT_ONCE):
        _write(composition, log.take(slice(start, start + AT_ONCE)))
    incoming = composition.home.path / "incoming"
    incoming.mkdir(exist_ok=True)
    answers = _lines(incoming / "conversions.jsonl", _conversions(log, composition))
    load(composition, answers, received_at=composition.clock(), source="live", catch_up=False)


def _log(
    composition: Composition, opens_at: datetime, closes_at: datetime, *, customers: int, decisions: int
) -> DecisionLogFrame:
    """The generated log, spread evenly over the live time and over the customers whom the ledger knows."""
    catalog, columns = composition.catalog.catalog, feature_columns(composition.features)
    log = generated_log(catalog, columns, placement=PLACEMENT, n=decisions, n_customers=customers)
    length = (closes_at - opens_at) / timedelta(microseconds=1)
    log.decided_us[:] = int(opens_at.timestamp() * 1e6) + (np.arange(decisions) * (length / decisions)).astype(np.int64)
    known = np.array(_user_ids(composition), dtype=object)
    owner = np.unique(log.customer_id, return_inverse=True)[1]
    log.customer_id[:] = known[owner % len(known)]
    return log


def _user_ids(composition: Composition) -> list[str]:
    with composition.ledger.read() as connection:
        query = "SELECT value FROM identifier WHERE kind = 'user_id' AND customer_id NOTNULL ORDER BY value"
        return [value for (value,) in connection.execute(query)]


def _write(composition: Composition, log: DecisionLogFrame) -> None:
    decisions = list(_decisions(log, composition.catalog.catalog))
    composition.decisions.record_many(decisions)
    shown = [each for each in decisions if each.ranked]
    composition.outcomes.accept([_impression(each) for each in shown], received_at=composition.clock())


def _decisions(log: DecisionLogFrame, catalog: Catalog) -> Iterator[Decision]:
    eligible = dict(zip(log.actions, log.eligible_probability[0].tolist(), strict=True))
    names = list(log.features)
    rows = zip(*(_plain(column) for column in log.features.values()), strict=True)
    for place, row in enumerate(rows):
        action = log.actions[log.chosen[place]]
        ranked = (_ranked(catalog, action, log.treatment[place]),) if log.shown[place] else ()
        yield Decision(
            decision_id=log.decision_id[place],
            request_id=f"r-{log.decision_id[place]}",
            customer_id=log.customer_id[place],
            reference=CustomerReference("user_id", log.customer_id[place]),
            decided_at=_moment(log, place),
            channel=log.channel[place],
            placement=log.placement[place],
            arm=log.arm[place],
            epsilon=1.0,
            seed=place,
            chosen=action,
            ranked=ranked,
            eligible=eligible,
            scores={},
            exclusions=(),
            features=dict(zip(names, row, strict=True)),
            context={},
            versions=Versions(catalog.version, "none", "none"),
            contacts_version=0,
        )


def _plain(column: Any) -> list[Any]:
    return [None if value != value else value for value in column.tolist()]


def _moment(log: DecisionLogFrame, place: int) -> datetime:
    return datetime.fromtimestamp(int(log.decided_us[place]) / 1e6, tz=UTC)


def _ranked(catalog: Catalog, action: str, treatment: str) -> RankedAction:
    declared = catalog.actions[action]
    slot = catalog.placements[PLACEMENT]
    return RankedAction(
        rank=1,
        action=action,
        treatment=treatment,
        channel=slot.channel,
        propensity=declared.starting_propensity,
        uplift=None,
        value=declared.value,
        cost=0.0,
        context_weight=1.0,
        lever=1.0,
        priority=1.0,
        action_probability=1.0 / (1 + len(catalog.actions)),
        rank_probability=1.0 / (1 + len(catalog.actions)),
    )


def _impression(decision: Decision) -> Outcome:
    shown = decision.ranked[0]
    return Outcome(
        outcome_id=f"o-{decision.decision_id}",
        decision_id=decision.decision_id,
        action=shown.action,
        treatment=shown.treatment,
        type="impression",
        occurred_at=decision.decided_at + timedelta(seconds=1),
    )


def _conversions(log: DecisionLogFrame, composition: Composition) -> Iterator[SegmentEvent]:
    """Every conversion of the log as an event, in order of time."""
    catalog = composition.catalog.catalog
    for row, column in np.argwhere(log.converted).tolist():
        action = catalog.actions[log.actions[column]]
        aim = action.conversion or Conversion("")
        yield {
            "type": "track",
            "messageId": f"v-{row}-{column}",
            "userId": log.customer_id[row],
            "event": aim.event,
            "timestamp": (_moment(log, row) + CONVERTS_AFTER).isoformat(),
            "properties": {**aim.where, "margin": action.value},
        }


def _lines(path: Path, events: Iterable[SegmentEvent]) -> Path:
    with path.open("wb") as file:
        file.writelines(orjson.dumps(event) + b"\n" for event in events)
    return path
