"""The ledger's decisions as columns: who, when, what could be chosen, what was, and what was known."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, takewhile
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from features.ledger import Ledger
from features.record import DECISION, Record
from training.encoding import Floats
from training.reading.feature_block import FeatureBlock

PAGE = 4_096
"""Decisions that are held as objects at once."""
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
class _Page:
    """Some decisions, as they lie in the ledger."""

    ids: list[str]
    texts: list[tuple[str, ...]]
    decided_us: list[int]
    chosen: list[int]
    implied: list[bool]
    eligible: Floats
    listed: Booleans


def read_decided(ledger: Ledger, names: Sequence[str], *, actions: Iterable[str], until_us: int) -> Decided:
    """Read every decision up to a moment, with the features of these names.

    A page of decisions at a time becomes columns: memory is that of the columns. The `actions` given have the first
    ones, in their order.
    """
    count, last = _extent(ledger)
    block, words = FeatureBlock(names, count), dict[str, str]()
    known = {action: place for place, action in enumerate(actions)}
    pages, start = [], 0
    for records in _pages(ledger, last, until_us):
        bodies = [orjson.loads(record.body) for record in records]
        block.fill(start, [body["decision"]["features"] for body in bodies])
        pages.append(_page(records, bodies, known, words))
        start += len(records)
    return _decided(pages, block, tuple(known), start)


def _extent(ledger: Ledger) -> tuple[int, int]:
    """How many decisions there are, and the last one's sequence number."""
    with ledger.read() as connection:
        count, last = connection.execute("SELECT count(*), max(seq) FROM record WHERE kind = ?", (DECISION,)).fetchone()
    return count, last or 0


def _pages(ledger: Ledger, last: int, until_us: int) -> Iterator[list[Record]]:
    there = takewhile(lambda record: record.seq <= last, ledger.records(0, kinds=[DECISION]))
    wanted = (record for record in there if record.occurred_us <= until_us)
    while page := list(islice(wanted, PAGE)):
        yield page


def _page(records: Sequence[Record], bodies: Sequence[Mapping[str, Any]], known: Names, words: dict[str, str]) -> _Page:
    decisions = [body["decision"] for body in bodies]
    listed = [{ranked["action"]: ranked["treatment"] for ranked in each["ranked"]} for each in decisions]
    texts = [
        (
            record.customer_id or each["customer_id"],
            each["channel"],
            each["placement"],
            each["arm"],
            of.get(each["chosen"], ""),
        )
        for record, each, of in zip(records, decisions, listed, strict=True)
    ]
    return _Page(
        ids=[record.record_id for record in records],
        texts=[tuple([words.setdefault(text, text) for text in each]) for each in texts],
        decided_us=[record.occurred_us for record in records],
        chosen=[known.setdefault(each["chosen"], len(known)) for each in decisions],
        implied=[_implied(body["contacts"], each["chosen"]) for body, each in zip(bodies, decisions, strict=True)],
        eligible=_spread([each["eligible"] for each in decisions], known),
        listed=_spread([dict.fromkeys(each, 1.0) for each in listed], known) > 0,
    )


def _implied(contacts: Iterable[Mapping[str, Any]], chosen: str) -> bool:
    return any(contact["implied"] and contact["action"] == chosen for contact in contacts)


def _spread(rows: Sequence[Mapping[str, float]], known: Names) -> Floats:
    """Numbers by action, as a matrix over all actions known by then."""
    sets = {names: [known.setdefault(name, len(known)) for name in names] for names in dict.fromkeys(map(tuple, rows))}
    out = np.zeros((len(rows), len(known)))
    at = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    columns = np.fromiter(chain.from_iterable(sets[tuple(row)] for row in rows), dtype=np.int64, count=len(at))
    out[at, columns] = np.fromiter(chain.from_iterable(row.values() for row in rows), dtype=np.float64, count=len(at))
    return out


def _decided(pages: Sequence[_Page], block: FeatureBlock, actions: tuple[str, ...], n: int) -> Decided:
    ids = _objects([each for page in pages for each in page.ids])
    decided_us = np.array([at for page in pages for at in page.decided_us], dtype=np.int64)
    order = np.lexsort((ids.astype(str), decided_us))
    texts = zip(*(text for page in pages for text in page.texts), strict=True) if n else [()] * len(TEXTS)
    return Decided(
        actions=actions,
        decision_id=ids[order],
        texts={name: _objects(column)[order] for name, column in zip(TEXTS, texts, strict=True)},
        decided_us=decided_us[order],
        chosen=np.array([place for page in pages for place in page.chosen], dtype=np.int64)[order],
        implied=np.array([flag for page in pages for flag in page.implied], dtype=bool)[order],
        eligible=_whole([page.eligible for page in pages], len(actions))[order],
        listed=_whole([page.listed for page in pages], len(actions))[order] > 0,
        features=block.columns(order),
    )


def _objects(values: Iterable[Any]) -> NDArray[np.object_]:
    return np.array(list(values), dtype=object)


def _whole(parts: Sequence[NDArray[Any]], width: int) -> NDArray[Any]:
    """Pages under each other, each as wide as all actions."""
    wide = [np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts]
    return np.concatenate(wide) if wide else np.zeros((0, width))
