"""The ledger's decisions as columns: who, when, what could be chosen, what was, and what was known."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice, takewhile
from sys import intern
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from features.draws import Draws
from features.ledger import Ledger
from features.record import DECISION, Record
from training.aside import ahead
from training.encoding import Floats
from training.reading.feature_block import LOOKED_AT, FeatureBlock
from training.reading.page import Page, Parser, Words

PAGE = 4_096
"""Decisions that are read at once."""
TEXTS = ("customer_id", "channel", "placement", "arm", "treatment")
Booleans = NDArray[np.bool_]
Names = dict[str, int]
"""The column of each action; a new one gets the next column."""


@dataclass(frozen=True, slots=True)
class Decided:
    """n decisions in order of time, by columns.

    Parameters: `actions`, the names of the columns; arrays (n,): `decision_id`, `texts` by the names of `TEXTS`
    (`treatment` of what was chosen, "" for none), `decided_us`, `chosen` (column), `implied`, whether what was chosen
    needs no impression; arrays (n, n_actions): `eligible` probabilities and `listed`; `features`, columns by name.
    """

    actions: tuple[str, ...]
    decision_id: NDArray[np.object_]
    texts: Mapping[str, NDArray[np.object_]]
    decided_us: NDArray[np.int64]
    chosen: NDArray[np.int64]
    implied: Booleans
    eligible: Floats
    listed: Booleans
    features: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.decided_us)


@dataclass(frozen=True, slots=True)
class _Read:
    """Some decisions, as they lie in the ledger."""

    ids: list[str]
    texts: dict[str, Words]
    decided_us: list[int]
    chosen: NDArray[np.int64]
    implied: Booleans
    eligible: Floats
    listed: Booleans


def read_decided(ledger: Ledger, names: Sequence[str], *, actions: Iterable[str], until_us: int) -> Decided:
    """Read every decision up to a moment, with the features of these names.

    A page of decisions at a time becomes columns: memory is that of the columns. The `actions` given have the first
    ones, in their order.
    """
    count, last = _extent(ledger)
    block, known = FeatureBlock(names, count), {action: place for place, action in enumerate(actions)}
    parts, start = list[_Read](), 0
    with closing(Parser()) as parser:
        for records in ahead(_pages(ledger, last, until_us)):
            bodies = [record.body for record in records]
            if not start:
                block.look(orjson.loads(body)["decision"]["features"] for body in bodies[:LOOKED_AT])
            page = parser.read(bodies, block.kinds)
            block.fill(start, page)
            parts.append(_read(records, page, known))
            start += len(records)
    return _decided(parts, block, tuple(known))


def _extent(ledger: Ledger) -> tuple[int, int]:
    """How many decisions there are, and the last one's sequence number."""
    with ledger.read() as connection:
        count, last = connection.execute("SELECT count(*), max(seq) FROM record WHERE kind = ?", (DECISION,)).fetchone()
    return count, last or 0


def _pages(ledger: Ledger, last: int, until_us: int) -> Iterator[list[Record]]:
    there = takewhile(lambda record: record.seq <= last, ledger.records(0, kinds=[DECISION]))
    wanted = _drawn(record for record in there if record.occurred_us <= until_us)
    while page := list(islice(wanted, PAGE)):
        yield page


def _drawn(records: Iterable[Record]) -> Iterator[Record]:
    """The decisions that were drawn for themselves: of those that share their draws, the first alone."""
    draws = Draws()
    return (record for record in records if draws.first(record.body, record.record_id) == record.record_id)


def _read(records: Sequence[Record], page: Page, known: Names) -> _Read:
    chosen = _codes(page.words("chosen"), known)
    owner, action, treatment = page.ranked()
    ranked, n = _codes(action, known), len(page)
    rows, names, chances = page.eligible()
    columns = _codes(names, known)
    implied_at, implied_action = page.implied()
    implied_code = _codes(implied_action, known)
    eligible, listed = np.zeros((n, len(known))), np.zeros((n, len(known)), dtype=bool)
    eligible[rows, columns] = chances
    listed[owner, ranked] = True
    implied = np.zeros(n, dtype=bool)
    implied[implied_at[implied_code == chosen[implied_at]]] = True
    texts = {name: page.words(name) for name in TEXTS if name != "treatment"} | {"treatment": np.full(n, "", object)}
    own = ranked == chosen[owner]
    texts["treatment"][owner[own]] = treatment[own]
    for row, record in enumerate(records):
        texts["customer_id"][row] = intern(record.customer_id or texts["customer_id"][row])
    ids, decided_us = [record.record_id for record in records], [record.occurred_us for record in records]
    return _Read(ids, texts, decided_us, chosen, implied, eligible, listed)


def _codes(actions: Words, known: Names) -> NDArray[np.int64]:
    """The column of each action (n,); a new one gets the next column."""
    return np.array([known.setdefault(name, len(known)) for name in actions.tolist()], dtype=np.int64)


def _decided(parts: Sequence[_Read], block: FeatureBlock, actions: tuple[str, ...]) -> Decided:
    ids = np.array([each for part in parts for each in part.ids], dtype=object)
    decided_us = np.array([at for part in parts for at in part.decided_us], dtype=np.int64)
    order = np.lexsort((ids.astype(str), decided_us))
    return Decided(
        actions=actions,
        decision_id=ids[order],
        texts={name: _joined([part.texts[name] for part in parts], object)[order] for name in TEXTS},
        decided_us=decided_us[order],
        chosen=_joined([part.chosen for part in parts], np.int64)[order],
        implied=_joined([part.implied for part in parts], bool)[order],
        eligible=_whole([part.eligible for part in parts], len(actions))[order],
        listed=_whole([part.listed for part in parts], len(actions))[order] > 0,
        features=block.columns(order),
    )


def _joined(parts: Sequence[NDArray[Any]], kind: Any) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype=kind), *parts])


def _whole(parts: Sequence[NDArray[Any]], width: int) -> NDArray[Any]:
    """Pages under each other, each as wide as all actions."""
    wide = [np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts]
    return np.concatenate(wide) if wide else np.zeros((0, width))
