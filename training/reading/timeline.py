"""All decisions in order of time, by what drawing a sample of them and attributing events to them need."""

from array import array
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.ledger import Ledger
from features.record import Record
from training.reading.decided import Decided, Names, by_time, calls, codes, customer_of
from training.reading.decision_pages import Extent, Repeats, pages
from training.reading.feature_kinds import FeatureKinds
from training.reading.page import Page, Parser


@dataclass(frozen=True, slots=True)
class Timeline:
    """n decisions in order of time.

    Parameters: `actions`, the names of the actions that any of them knows; arrays (n,): `seq`, `decision_id`,
    `customer_id`, `call`, a number that the decisions of one call share, `decided_us`; `meant` (n_actions,), whether
    one of those that are over could choose the action; `n_over`, how many, the first ones, are over.
    """

    actions: tuple[str, ...]
    seq: NDArray[np.int64]
    decision_id: NDArray[np.object_]
    customer_id: NDArray[np.object_]
    call: NDArray[np.int64]
    decided_us: NDArray[np.int64]
    meant: NDArray[np.bool_]
    n_over: int

    def __len__(self) -> int:
        return len(self.decided_us)

    @classmethod
    def of(cls, decided: Decided, *, over_us: int) -> "Timeline":
        """That of decisions which were read whole. Parameters: `over_us`, the last moment of what is over."""
        n_over = int(np.searchsorted(decided.decided_us, over_us, side="right"))
        meant: NDArray[np.bool_] = np.any(decided.eligible[:n_over] > 0, axis=0)
        meant[decided.chosen[:n_over]] = True
        known = decided.actions, decided.seq, decided.decision_id, decided.texts["customer_id"]
        return cls(*known, decided.call, decided.decided_us, meant, n_over)


def read_timeline(
    ledger: Ledger,
    kinds: FeatureKinds,
    *,
    within: Extent,
    actions: Iterable[str],
    until_us: int,
    over_us: int,
    repeats: Repeats,
) -> Timeline:
    """Read it, and what the columns of features hold: memory is that of these columns, however many features there are.

    Parameters: as of `read_decided`; `over_us`, the last moment of what is over.
    """
    line = _Line({action: place for place, action in enumerate(actions)}, over_us)
    with closing(Parser()) as parser:
        for records in pages(ledger, within, until_us=until_us, repeats=repeats):
            bodies = [record.body for record in records]
            if not line.seq:
                kinds.begin(bodies)
            page = parser.read(bodies, kinds.undecided)
            kinds.hear(page)
            line.add(records, page)
    return line.done()


class _Line:
    def __init__(self, known: Names, over_us: int) -> None:
        self.seq = array("q")
        self._known, self._over_us = known, over_us
        self._ids: list[str] = []
        self._customers: list[str] = []
        self._call = array("q")
        self._decided_us = array("q")
        self._meant: set[int] = set()

    def add(self, records: list[Record], page: Page) -> None:
        self.seq.extend(record.seq for record in records)
        self._ids += [record.record_id for record in records]
        self._decided_us.extend(record.occurred_us for record in records)
        self._customers += map(customer_of, records, page.words("customer_id"))
        self._call.extend(calls(page).tolist())
        over = np.array([record.occurred_us <= self._over_us for record in records])
        chosen, (rows, names, chances) = codes(page.words("chosen"), self._known), page.eligible()
        could = codes(names, self._known)[over[rows] & (chances > 0)]
        self._meant.update(chosen[over].tolist(), could.tolist())

    def done(self) -> Timeline:
        decided_us, ids = np.array(self._decided_us), np.array(self._ids, dtype=object)
        order = by_time(decided_us, ids)
        return Timeline(
            actions=tuple(self._known),
            seq=np.array(self.seq)[order],
            decision_id=ids[order],
            customer_id=np.array(self._customers, dtype=object)[order],
            call=np.array(self._call, dtype=np.int64)[order],
            decided_us=decided_us[order],
            meant=np.isin(np.arange(len(self._known)), list(self._meant)),
            n_over=int(np.sum(decided_us <= self._over_us)),
        )
