"""The ledger's decisions as columns: who, when, what could be chosen, what was, and what was known."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from sys import intern
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisioning.call import call_of
from features.ledger import Ledger
from features.record import Record
from training.encoding import Floats
from training.reading.decision_pages import Extent, Repeats, pages, pages_of
from training.reading.feature_block import FeatureBlock
from training.reading.feature_kinds import FeatureKinds
from training.reading.page import Page, Parser, Words

TEXTS = ("customer_id", "channel", "placement", "arm", "treatment")
_EACH = ("seq", "decision_id", "call", "decided_us", "chosen", "implied", "eligible", "listed")
Booleans = NDArray[np.bool_]
Names = dict[str, int]
"""The column of each action; a new one gets the next column."""


@dataclass(frozen=True, slots=True)
class Decided:
    """n decisions in order of time, by columns.

    Parameters: `actions`, the names of the columns; arrays (n,): `seq`, where they lie in the ledger, `decision_id`,
    `call`, a number that the decisions of one call share, `texts` by the names of `TEXTS` (`treatment` of what was
    chosen, "" for none), `decided_us`, `chosen` (column), `implied`, whether what was chosen needs no impression;
    arrays (n, n_actions): `eligible` probabilities and `listed`; `features`, columns by name.
    """

    actions: tuple[str, ...]
    seq: NDArray[np.int64]
    decision_id: NDArray[np.object_]
    call: NDArray[np.int64]
    texts: Mapping[str, NDArray[np.object_]]
    decided_us: NDArray[np.int64]
    chosen: NDArray[np.int64]
    implied: Booleans
    eligible: Floats
    listed: Booleans
    features: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.decided_us)

    def first(self, n: int) -> "Decided":
        """The first n of them; nothing is copied."""
        parts: dict[str, Any] = {name: getattr(self, name)[:n] for name in _EACH}
        parts |= {by: {name: each[:n] for name, each in getattr(self, by).items()} for by in ("texts", "features")}
        return replace(self, **parts)


@dataclass(frozen=True, slots=True)
class _Read:
    """Some decisions, as they lie in the ledger."""

    seqs: list[int]
    ids: list[str]
    call: NDArray[np.int64]
    texts: dict[str, Words]
    decided_us: list[int]
    chosen: NDArray[np.int64]
    implied: Booleans
    eligible: Floats
    listed: Booleans


def read_decided(
    ledger: Ledger, names: Sequence[str], *, within: Extent, actions: Iterable[str], until_us: int, repeats: Repeats
) -> Decided:
    """Read every decision within an extent and up to a moment, with the features of these names.

    A page of decisions at a time becomes columns: memory is that of the columns. The `actions` given have the first
    ones, in their order. Parameters: `repeats`, as of `pages`.
    """
    found = pages(ledger, within, until_us=until_us, repeats=repeats)
    return _by_columns(found, FeatureKinds(names), actions, n_rows=within.n)


def read_some(ledger: Ledger, kinds: FeatureKinds, *, actions: Iterable[str], seqs: NDArray[np.int64]) -> Decided:
    """Read the decisions of some sequence numbers, less those that were erased meanwhile.

    Parameters: `kinds`, what columns hold by all decisions.
    """
    return _by_columns(pages_of(ledger, np.sort(seqs).tolist()), kinds, actions, n_rows=len(seqs))


def _by_columns(found: Iterable[list[Record]], kinds: FeatureKinds, actions: Iterable[str], *, n_rows: int) -> Decided:
    block, known = FeatureBlock(kinds, n_rows), {action: place for place, action in enumerate(actions)}
    parts, start = list[_Read](), 0
    with closing(Parser()) as parser:
        for records in found:
            bodies = [record.body for record in records]
            if not start:
                kinds.begin(bodies)
            read_as = dict(kinds.by_name)
            page = parser.read(bodies, read_as)
            kinds.hear(page)
            block.fill(start, page, read_as)
            parts.append(_read(records, page, known))
            start += len(records)
    return _decided(parts, block, tuple(known))


def _read(records: Sequence[Record], page: Page, known: Names) -> _Read:
    chosen = codes(page.words("chosen"), known)
    owner, action, treatment = page.ranked()
    ranked, n = codes(action, known), len(page)
    rows, names, chances = page.eligible()
    columns = codes(names, known)
    implied_at, implied_action = page.implied()
    implied_code = codes(implied_action, known)
    eligible, listed = np.zeros((n, len(known))), np.zeros((n, len(known)), dtype=bool)
    eligible[rows, columns] = chances
    listed[owner, ranked] = True
    implied = np.zeros(n, dtype=bool)
    implied[implied_at[implied_code == chosen[implied_at]]] = True
    texts = {name: page.words(name) for name in TEXTS if name != "treatment"} | {"treatment": np.full(n, "", object)}
    own = ranked == chosen[owner]
    texts["treatment"][owner[own]] = treatment[own]
    texts["customer_id"][:] = list(map(customer_of, records, texts["customer_id"]))
    ids, decided_us = [record.record_id for record in records], [record.occurred_us for record in records]
    seqs = [record.seq for record in records]
    return _Read(seqs, ids, calls(page), texts, decided_us, chosen, implied, eligible, listed)


def customer_of(record: Record, told: str) -> str:
    """Whose decision it is: by today's links, else as it says itself."""
    return intern(record.customer_id or told)


def calls(page: Page) -> NDArray[np.int64]:
    """A number (n,) that the decisions of one call share; it means nothing beyond this process."""
    return np.array([hash(call_of(request_id)) for request_id in page.words("request_id")], dtype=np.int64)


def codes(actions: Words, known: Names) -> NDArray[np.int64]:
    """The column of each action (n,); a new one gets the next column."""
    return np.array([known.setdefault(name, len(known)) for name in actions.tolist()], dtype=np.int64)


def _decided(parts: Sequence[_Read], block: FeatureBlock, actions: tuple[str, ...]) -> Decided:
    ids = np.array([each for part in parts for each in part.ids], dtype=object)
    decided_us = np.array([at for part in parts for at in part.decided_us], dtype=np.int64)
    order = by_time(decided_us, ids)
    return Decided(
        actions=actions,
        seq=np.array([each for part in parts for each in part.seqs], dtype=np.int64)[order],
        decision_id=ids[order],
        call=_joined([part.call for part in parts], np.int64)[order],
        texts={name: _joined([part.texts[name] for part in parts], object)[order] for name in TEXTS},
        decided_us=decided_us[order],
        chosen=_joined([part.chosen for part in parts], np.int64)[order],
        implied=_joined([part.implied for part in parts], bool)[order],
        eligible=_whole([part.eligible for part in parts], len(actions))[order],
        listed=_whole([part.listed for part in parts], len(actions))[order] > 0,
        features=block.columns(order),
    )


def by_time(at_us: NDArray[np.int64], ids: NDArray[np.object_]) -> NDArray[np.int64]:
    """The order (n,) of time, and within one moment of the ids.

    >>> by_time(np.array([5, 3, 5]), np.array(["b", "c", "a"], dtype=object)).tolist()
    [1, 2, 0]
    """
    order = np.argsort(at_us, kind="stable")
    same, tied = np.diff(at_us[order]) == 0, np.zeros(len(order), dtype=bool)
    tied[1:] |= same
    tied[:-1] |= same
    some = order[tied]
    order[tied] = some[np.lexsort((ids[some].astype(str), at_us[some]))]
    return order


def _joined(parts: Sequence[NDArray[Any]], kind: Any) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, dtype=kind), *parts])


def _whole(parts: Sequence[NDArray[Any]], width: int) -> NDArray[Any]:
    """Pages under each other, each as wide as all actions."""
    wide = [np.pad(part, ((0, 0), (0, width - part.shape[1]))) for part in parts]
    return np.concatenate(wide) if wide else np.zeros((0, width))
