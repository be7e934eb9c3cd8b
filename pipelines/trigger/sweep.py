"""Goes through everybody, a page a round, for the triggers that a condition alone makes."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from decisioning.condition_tree import FORESEEN
from decisioning.decide import Ports
from decisioning.errors import TsugiError, UnavailableError
from decisioning.outbound.crowd import Crowd
from decisioning.outbound.met import met
from decisioning.outbound.sides import Sides
from decisioning.trigger import Trigger, is_rested
from features.population import Population
from pipelines.trigger.firing import Firing, Tally

APART = timedelta(hours=1)
"""From the beginning of one time that everybody is looked at to that of the next."""
PAGE = 250
"""Customers that are looked at in one round: whoever's own moment has come waits no longer than for these."""

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Sweep:
    """Everybody once an hour, in order of their ids.

    A page is read in columns, and only those of whom a condition is true there are looked at one by one.

    Parameters: `everybody` as the online features have them by now; `began`, the time that is under way or was last;
    `after`, the customer until whom it came (None: it came to the end).
    """

    triggers: Sequence[Trigger]
    firing: Firing
    everybody: Callable[[], Population]
    began: datetime | None = None
    after: str | None = None

    def step(self, tally: Tally, *, now: datetime) -> bool:
        """Look at the next page, where it is time; whether there is another one."""
        if self.after is None:
            if not self.triggers or (self.began is not None and now < self.began + APART):
                return False
            self.began, self.after = now, ""
        try:
            population = self.everybody()
            ids = population.ids(self.after, PAGE)
            crowd = population.crowd(ids, now)
        except UnavailableError as error:
            logger.error("customers are looked at once a store can be read again: %s", error.message)
            return False
        self._look(crowd, tally, now=now)
        self.after = ids[-1] if len(ids) == PAGE else None
        return self.after is not None

    def _look(self, crowd: Crowd, tally: Tally, *, now: datetime) -> None:
        ports = self.firing.ports()
        for trigger in self.triggers:
            for customer_id in self._rested(trigger, self._met(trigger, crowd, ports), now=now):
                self.firing.standing(trigger, customer_id, tally, now=now)

    def _met(self, trigger: Trigger, crowd: Crowd, ports: Ports) -> Sequence[str]:
        """Those of whom the condition is true; everybody, each to be asked alone, where nobody foresees for all."""
        sides = Sides(ports.scorer, ports.rollout) if FORESEEN in trigger.condition else None
        placement = ports.catalog.catalog.placements[trigger.placement]
        try:
            flags = met(crowd, self.firing.conditions[trigger.name], ports.catalog, placement, sides)
        except TsugiError as error:
            logger.error("each customer is asked alone, as nothing is foreseen of all at once: %s", error.message)
            return crowd.ids
        return [crowd.ids[place] for place in np.flatnonzero(flags).tolist()]

    def _rested(self, trigger: Trigger, customer_ids: Sequence[str], *, now: datetime) -> Iterator[str]:
        nodes = {customer_id: self.firing.graph.nodes(customer_id) for customer_id in customer_ids}
        fired = self.firing.book.fired(trigger.name, nodes)
        return (each for each in customer_ids if is_rested(trigger, fired.get(each), now=now))
