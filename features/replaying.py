"""Rejects tried again: what was refused comes in after all where a mapping or a contract changed meanwhile."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import orjson

from features.event_body import made_up_id
from features.event_lines import RawEvent, Refused
from features.mapping.row_mapper import RowMapper, Rows
from features.receipt import Origin, Receipt
from features.rejection import RejectedEventError, Rejection
from features.rejects import Reject, forget_rejects, renew_reject
from features.timestamp import moment_of

ROW, CELLS = "row", "cells"
"""What is kept of a refused row of a table: its cells by name; of what is no row, its cells."""
MapperOf = Callable[[Reject, Sequence[str]], RowMapper | None]


class ReplayOrigin(Origin):
    """Rejects as a stream of elements: those that come in are forgotten, the others keep their row and their place.

    Parameters: `reject_ids`, the reject of each element, several where one row became several events.
    """

    def __init__(self, reject_ids: Sequence[int]) -> None:
        super().__init__()
        self._reject_ids = reject_ids
        self._refused: dict[int, Rejection] = {}
        self._done = 0

    def traced(self, refused: Sequence[tuple[Rejection, bytes]]) -> Sequence[tuple[Rejection, bytes]]:
        """Nothing new to keep: they are kept already."""
        self._refused = {self._reject_ids[why.index]: why for why, _ in refused}
        return ()

    def kept(self, connection: sqlite3.Connection, receipt: Receipt) -> None:
        """Forget those whose every event is in, and say of the others why not, as of now."""
        n = receipt.accepted + receipt.duplicates + receipt.n_rejected
        ids = dict.fromkeys(self._reject_ids[self._done : self._done + n])
        forget_rejects(connection, [each for each in ids if each not in self._refused])
        for reject_id, why in self._refused.items():
            renew_reject(connection, reject_id, why)
        self._done += n


def elements_of(rejects: Sequence[Reject], mapper_of: MapperOf) -> Iterator[tuple[int, RawEvent]]:
    """The events of rejects, each with the id of its reject: rows through their mapping as it is declared today.

    A row that the mapping leaves out by now gives none. Parameters: `mapper_of`, makes the mapper of a reject's
    mapping for these columns.
    """
    for reject in rejects:
        for element in _elements(reject, mapper_of):
            yield reject.reject_id, element


def _elements(reject: Reject, mapper_of: MapperOf) -> Sequence[RawEvent]:
    try:
        said = orjson.loads(reject.raw)
    except orjson.JSONDecodeError:
        return [_again(reject)]
    if not isinstance(said, dict) or said.keys() == {CELLS}:
        return [_again(reject)]
    row = said.get(ROW) if said.keys() == {ROW} else None
    mapper = mapper_of(reject, tuple(row)) if isinstance(row, dict) else None
    if row is None or mapper is None:
        return [_as_received(said, reject)]
    return mapper.map(Rows(0, [reject.place], [tuple(row.values())])).items


def _as_received(said: dict[str, Any], reject: Reject) -> RawEvent:
    """The event with the time that it has by the moment it was first received, which is not now."""
    if reject.backfill:
        return said
    try:
        moment, sent_at = moment_of(said.get("timestamp"), "timestamp"), moment_of(said.get("sentAt"), "sentAt")
    except RejectedEventError as error:
        return Refused(error, reject.raw)
    late = reject.received_at - sent_at if moment and sent_at else timedelta()
    occurred_at = (moment or reject.received_at) + late
    kept = {name: value for name, value in said.items() if name != "sentAt"}
    return {"messageId": made_up_id(said), **kept, "timestamp": occurred_at.isoformat()}


def _again(reject: Reject) -> Refused:
    return Refused(RejectedEventError(reject.code, reject.field, reject.message), reject.raw)
