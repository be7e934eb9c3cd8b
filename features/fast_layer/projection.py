"""The state of the fast layer, caught up with the ledger before every decision."""

import sqlite3
from typing import NamedTuple

import orjson

from decisioning.fast_layer.belief import DAY_US, Belief
from decisioning.fast_layer.exposure import Regressors
from decisioning.fast_layer.layer import FastLayer, Ground
from decisioning.fast_layer.scorer import FastScorer
from features.draws import first_drawn
from features.fast_layer.shown import Reading, Shown, Told, told_by_decision, told_by_outcome
from features.ledger import IMPLIES, Ledger, last_seq
from features.record import DECISION

PAGE = 1_000
N_SCALED = 500
"""Decisions whose features say what is usual."""
FEWEST_SCALED = 30


class _Row(NamedTuple):
    """A record that says something was shown or answered."""

    seq: int
    kind: str
    record_id: str
    occurred_us: int
    received_us: int
    body: bytes


class FastProjection:
    """What was answered since a bundle was trained; a function of the ledger's records, the bundle and the settings.

    Nothing of it is stored: it is made from the records when a process starts, and when another bundle serves. It reads
    outcomes, and decisions that imply their impressions. Decisions that repeat one draw are one exposure, of the first
    of them, whichever was shown and answered. Not for several threads at once.
    """

    def __init__(self, ledger: Ledger, reading: Reading, belief: Belief, *, ground: Ground | None = None) -> None:
        self._ledger, self._reading, self._belief = ledger, reading, belief
        self._layer = FastLayer(belief, reading.regressors.size, ground=ground)
        self._open: dict[tuple[str, str], Shown] = {}
        self._latest_us = self._tidied_us = 0
        self.seq = 0

    def catch_up(self) -> int:
        """Learn everything that is in the ledger now; returns the sequence number reached.

        Raises: `UnavailableError` where the ledger cannot be read.
        """
        with self._ledger.read() as connection:
            target = last_seq(connection)
            if target == self.seq:
                return target
            while rows := connection.execute(_TELLING, (self.seq, target, PAGE)).fetchall():
                for row in map(_Row._make, rows):
                    self._take(connection, row)
                    self.seq = row.seq
            self.seq = target
        if self._latest_us > self._tidied_us + DAY_US:
            self._forget_closed()
        return self.seq

    def scorer(self, now_us: int) -> FastScorer:
        """The bundle with everything learned so far, as of a moment."""
        reading = self._reading
        posterior = self._layer.posterior(now_us)
        return FastScorer(reading.scorer, posterior, reading.regressors, self._belief.boldness, self.seq)

    def _take(self, connection: sqlite3.Connection, row: _Row) -> None:
        """Learn a record; what follows another one in the ledger is never taken as received before it."""
        self._latest_us = max(self._latest_us, row.received_us)
        if row.kind == DECISION:
            for told in told_by_decision(row.body, row.record_id, decided_us=row.occurred_us):
                self._learn(connection, told)
        else:
            told = told_by_outcome(row.body, occurred_us=row.occurred_us, received_us=self._latest_us)
            self._learn(connection, told)

    def _learn(self, connection: sqlite3.Connection, told: Told) -> None:
        if (told.decision_id, told.action) in self._open:
            self._know_more(told)
            return
        stored = connection.execute(_DECISION, (told.decision_id,)).fetchone()
        if stored:
            drawn, body = first_drawn(connection, stored[0], told.decision_id)
            self._begin(body, told._replace(decision_id=drawn))

    def _begin(self, body: bytes, told: Told) -> None:
        """Learn of an exposure, or more of it: what repeats its draw may have told of it already."""
        key = told.decision_id, told.action
        if key in self._open:
            self._know_more(told)
            return
        shown = self._reading.first(body, told)
        if shown is not None:
            self._open[key] = shown
            self._layer.learn(told.action, shown.exposure)

    def _know_more(self, told: Told) -> None:
        key = told.decision_id, told.action
        known = self._open[key]
        if told.received_us <= known.until_us:
            self._open[key] = more = known.with_(told)
            self._layer.correct(told.action, known.exposure, more.exposure)

    def _forget_closed(self) -> None:
        """Keep no exposure by name once its window is long over; what it says stays in the sums."""
        over = [key for key, shown in self._open.items() if shown.until_us + DAY_US < self._latest_us]
        for key in over:
            del self._open[key]
        self._tidied_us = self._latest_us


def usual(ledger: Ledger, names: tuple[str, ...], *, until_us: int) -> Regressors:
    """Regressors over these features, standardised by the last decisions up to a moment.

    Without enough of them there is nothing to standardise by: every action then has a level alone.
    """
    with ledger.read() as connection:
        bodies = connection.execute(_LAST, (until_us, N_SCALED)).fetchall() if names else []
    if len(bodies) < FEWEST_SCALED:
        return Regressors()
    return Regressors.over(names, [orjson.loads(body)["decision"]["features"] for (body,) in bodies])


def latest_of(ledger: Ledger, most: int, *, since_us: int) -> int:
    """The moment after which there are no more than so many decisions; `since_us` where that is later."""
    with ledger.read() as connection:
        found = connection.execute(_NTH_LAST, (since_us, most)).fetchone()
    return since_us if found is None else int(found[0])


_TELLING = f"""
    SELECT r.seq, r.kind, r.record_id, r.occurred_us, r.received_us, r.body FROM record r
    WHERE r.seq > ? AND r.seq <= ? AND r.kind <> 'event'
        AND (+r.kind = 'outcome' OR (+r.kind = 'decision' AND {IMPLIES}))
    ORDER BY r.seq LIMIT ?
"""  # noqa: S608 (constants only)
_DECISION = "SELECT body FROM record WHERE kind = 'decision' AND record_id = ?"
_NTH_LAST = """
    SELECT occurred_us FROM record WHERE kind <> 'event' AND +kind = 'decision' AND occurred_us > ?
    ORDER BY occurred_us DESC LIMIT 1 OFFSET ?
"""
_LAST = """
    SELECT body FROM record WHERE kind <> 'event' AND +kind = 'decision' AND occurred_us <= ? ORDER BY seq DESC LIMIT ?
"""
