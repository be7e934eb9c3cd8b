"""What a canary's decisions earn beside the champion's, while it is under way, and whether they earn less.

An early warning, not a judge: an accepted action counts its value at once, what was chosen its cost, and nothing waits
for a window to end. Both sides wait equally long, and customers count where they were drawn to, whoever decided for
them, so their difference is fair. It is looked at again and again; the bound is one that holds at every look together
(a confidence sequence, Robbins' normal mixture in the asymptotic form of Waudby-Smith, Arbour, Sinha, Kennedy and
Ramdas, 2021: Time-uniform central limit theory).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Any

import orjson

from decisioning.action import NO_ACTION
from decisioning.outcome import POSITIVE
from decisioning.rollout import draw_of
from features.draws import Draws
from features.ledger import Ledger
from features.record import DECISION, OUTCOME, Record
from features.rollout_pointer import RolloutPointer

FALSE_ALARMS = 0.01
"""At most this share of the canaries that earn no less is ever ended, however often one looks."""
FEWEST = 100
"""Customers of either side below which nothing is concluded."""
CHAMPIONS = 4
"""Customers of the champion for each of the canary's; more would hardly narrow the bound."""
_TUNED_TO = 1000.0
"""Customers of the canary at which the bound is tightest."""


@dataclass(slots=True)
class Side:
    """Sums over the customers of one side: how many, and of each their decisions n and money y."""

    n_customers: int = 0
    n: float = 0.0
    y: float = 0.0
    nn: float = 0.0
    ny: float = 0.0
    yy: float = 0.0

    def change(self, before: tuple[float, float], after: tuple[float, float]) -> None:
        """A customer's decisions and money went from one to another."""
        (n0, y0), (n1, y1) = before, after
        self.n_customers += n0 == 0
        self.n, self.y = self.n + n1 - n0, self.y + y1 - y0
        self.nn += n1 * n1 - n0 * n0
        self.ny += n1 * y1 - n0 * y0
        self.yy += y1 * y1 - y0 * y0

    @property
    def mean(self) -> float:
        """Money per decision."""
        return self.y / self.n

    @property
    def variance(self) -> float:
        """Of that mean, by customer."""
        rest = self.yy - 2 * self.mean * self.ny + self.mean**2 * self.nn
        return max(rest, 0.0) / self.n**2


def upper_bound(canary: Side, champion: Side) -> float | None:
    """What the canary earns more per decision, at most; None where too few customers have come.

    Holds at all looks together with probability 1 − `FALSE_ALARMS`.
    """
    n = min(canary.n_customers, champion.n_customers)
    if n < FEWEST:
        return None
    error = sqrt(canary.variance + champion.variance)
    return canary.mean - champion.mean + error * _widening(canary.n_customers)


def _widening(n: float) -> float:
    """Standard errors that a bound for all looks is wide, after n observations."""
    alpha = 2 * FALSE_ALARMS
    rho = (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / _TUNED_TO
    return sqrt(2 * (n * rho + 1) / (n * rho) * log(sqrt(n * rho + 1) / alpha))


@dataclass(slots=True)
class _Open:
    """A decision whose action was not accepted yet."""

    customer_id: str
    action: str
    value: float
    side: Side


@dataclass(slots=True)
class RolloutTally:
    """Reads the ledger from where a canary began, a little further at every look.

    Decisions that repeat one draw count once: as the first of them, accepted where any of them was.
    """

    pointer: RolloutPointer
    canary: Side = field(default_factory=Side)
    champion: Side = field(default_factory=Side)
    _seq: int = 0
    _draws: Draws = field(default_factory=Draws)
    _repeats: dict[str, str] = field(default_factory=dict)
    _waiting: dict[str, _Open] = field(default_factory=dict)
    _customers: dict[tuple[bool, str], tuple[float, float]] = field(default_factory=dict)

    def catch_up(self, ledger: Ledger) -> None:
        """Take in what was recorded since the last look."""
        end, start = ledger.last_seq(), max(self._seq, self.pointer.since_seq)
        for record in ledger.records(start, kinds=[DECISION, OUTCOME]):
            self._take(record)
            end = max(end, record.seq)
        self._seq = end

    @property
    def loss(self) -> str:
        """Why the canary shall be ended for what it earns; empty where it shall not."""
        most = upper_bound(self.canary, self.champion)
        if most is None or most >= 0:
            return ""
        told = f"{self.canary.mean:.4f} per decision against {self.champion.mean:.4f}"
        return f"it earns less: {told}, a difference of at most {most:.4f} (n = {self.canary.n:.0f})"

    def _take(self, record: Record) -> None:
        body = orjson.loads(record.body)
        if record.kind == DECISION:
            self._decided(record, body["decision"])
        else:
            self._answered(body["outcome"])

    def _decided(self, record: Record, decision: Mapping[str, Any]) -> None:
        customer, chosen = decision["customer_id"], decision["chosen"]
        side = self._side(customer)
        if side is None or decision["arm"] != "nba":
            return
        drawn = self._draws.first(record.body, record.record_id)
        if drawn != record.record_id:
            self._repeats[record.record_id] = drawn
            return
        first = decision["ranked"][0] if chosen != NO_ACTION else None
        self._add(side, customer, n=1.0, y=-first["cost"] if first else 0.0)
        if first:
            self._waiting[record.record_id] = _Open(customer, chosen, first["value"], side)

    def _answered(self, outcome: Mapping[str, Any]) -> None:
        decision_id = self._repeats.get(outcome["decision_id"], outcome["decision_id"])
        waiting = self._waiting.get(decision_id)
        if waiting and outcome["action"] == waiting.action and outcome["type"] in POSITIVE:
            del self._waiting[decision_id]
            self._add(waiting.side, waiting.customer_id, n=0.0, y=waiting.value)

    def _side(self, customer: str) -> Side | None:
        """Where a customer was drawn to; of the champion's so many as are worth comparing with."""
        drawn = draw_of(customer, self.pointer.version)
        if drawn < self.pointer.share:
            return self.canary
        return self.champion if drawn < (1 + CHAMPIONS) * self.pointer.share else None

    def _add(self, side: Side, customer: str, *, n: float, y: float) -> None:
        key = (side is self.canary, customer)
        before = self._customers.get(key, (0.0, 0.0))
        self._customers[key] = after = (before[0] + n, before[1] + y)
        side.change(before, after)
