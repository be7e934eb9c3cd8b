"""Writing a batch's decisions to the ledger: each made again alone, and recorded as any other, with its contacts."""

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION
from decisioning.customer import CustomerReference
from decisioning.decide import consider, decision_id_of
from decisioning.decision import Decision
from decisioning.errors import ErasedError, StaleContactsError
from decisioning.outbound.request import request_id_of, request_of
from decisioning.outbound.sides import Sides
from decisioning.ports import Scorer
from decisioning.rollout import rolled_out
from features.contacts import ContactBook
from pipelines.composition import Composition
from pipelines.outbound.plan import Plan

AT_ONCE = 256
"""Decisions that wait for one commit."""
MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records decisions of a batch.

    Parameters: `prices` by pool, as the batch settled them; `sides`, who scores whom in it.
    """

    composition: Composition
    plan: Plan
    prices: Mapping[str, float]
    sides: Sides

    def record(self, ids: Sequence[str], actions: Sequence[str | None]) -> NDArray[np.bool_]:
        """Record what was drawn for these customers; whether each is in the ledger now (n,).

        Parameters: `actions` drawn, `no_action` included; None where there is nothing to record. What would come out
        otherwise by now, was contacted since the batch's moment, was erased or became one with another customer, or was
        decided for by another batch of this name, is not recorded, and must not be contacted.
        """
        kept = np.zeros(len(ids), dtype=np.bool_)
        waiting: deque[tuple[int, Future[None]]] = deque()
        for place, (customer_id, action) in enumerate(zip(ids, actions, strict=True)):
            if action is None:
                continue
            recorded = self._recorded(customer_id)
            if recorded is not None:
                kept[place] = recorded.chosen == action and self.plan.made(recorded)
                continue
            decision = self._made(customer_id) if self._is_open(customer_id) else None
            if decision is not None and decision.chosen == action:
                waiting.append((place, self.composition.decisions.record(decision)))
            while len(waiting) > AT_ONCE:
                _settle(waiting, kept)
        while waiting:
            _settle(waiting, kept)
        return kept

    def _made(self, customer_id: str) -> Decision:
        composition, plan = self.composition, self.plan
        request = request_of(plan.run, customer_id, placement=plan.placement, prices=self.prices)
        customer = replace(composition.profiles.read(request.customer, now=plan.now), used=plan.used)

        def deciding(scorer: Scorer) -> Decision:
            return consider(request, customer, catalog=composition.catalog, scorer=scorer, explained=0)

        champion, rollout = self.sides.champion, self.sides.rollout
        if rollout is None:
            return deciding(champion)
        taken = rollout.takes(customer_id, composition.catalog.catalog.holdout)
        return rolled_out(rollout, champion, deciding, taken=taken)

    def _is_open(self, customer_id: str) -> bool:
        """Whether they are a customer still, not erased, nor one with another, and nobody else contacted them since."""
        still = self.composition.graph.resolve(CustomerReference("customer_id", customer_id)) == customer_id
        return still and not self._contacted_since(customer_id)

    def _contacted_since(self, customer_id: str) -> bool:
        """Whether somebody else contacted them after the batch's moment."""
        book, own = ContactBook(self.composition.ledger), self.plan.now + MOMENT
        return book.contacted_since(customer_id, own, max(self.composition.clock(), own))

    def _recorded(self, customer_id: str) -> Decision | None:
        """What is in the ledger under the id of their decision, as from before this batch was interrupted.

        None, too, where that was erased: the ledger takes in no other of its id.
        """
        salt = self.composition.catalog.catalog.holdout.salt
        try:
            return self.composition.decisions.find(decision_id_of(request_id_of(self.plan.run, customer_id), salt))
        except ErasedError:
            return None


def _settle(waiting: "deque[tuple[int, Future[None]]]", kept: NDArray[np.bool_]) -> None:
    place, future = waiting.popleft()
    try:
        future.result()
    except (StaleContactsError, ErasedError):
        return
    kept[place] = True


def drawn_actions(names: Sequence[str], chosen: NDArray[np.intp], moved: NDArray[np.bool_]) -> list[str | None]:
    """What was drawn for each customer by name; None where it was not drawn but moved."""
    return [
        None if gone else (names[at] if at >= 0 else NO_ACTION)
        for at, gone in zip(chosen.tolist(), moved.tolist(), strict=True)
    ]
