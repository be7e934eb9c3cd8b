"""Segment senders: single calls and batches of events, answered exactly as their clients expect."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from functools import partial

import orjson

from decisioning.errors import InvalidInputError
from features.intake import Receipt
from serving.desk import Desk
from serving.reading import json_type, read
from serving.responses import Answer
from serving.route import Call, Handler
from serving.schemas import BatchBody, SegmentType

AT_ONCE = 20
"""Events that are checked before another request is looked at: about 10 µs each."""


async def batch(desk: Desk, call: Call) -> Answer:
    """Take a batch: 200 whenever the envelope can be read; what is refused inside is listed and kept aside."""
    envelope = read(BatchBody, call.body)
    return await _accept(desk, envelope.batch, received_at=call.received_at, sent_at=envelope.sentAt)


def single(kind: SegmentType) -> Handler:
    """Give the handler of one call such as `/v1/track`; the path says the type."""

    async def handler(desk: Desk, call: Call) -> Answer:
        return await _accept(desk, [_event(call.body, kind)], received_at=call.received_at)

    return handler


def _event(body: object, kind: SegmentType) -> Mapping[str, object]:
    if not isinstance(body, dict):
        raise InvalidInputError(f"an object is needed; given {json_type(body)}")
    return {**{name: value for name, value in body.items() if name != "writeKey"}, "type": kind}


async def _accept(
    desk: Desk, events: Sequence[Mapping[str, object]], *, received_at: datetime, sent_at: datetime | None = None
) -> Answer:
    receipt = await asyncio.wrap_future(await _taking(desk, events, received_at=received_at, sent_at=sent_at))
    desk.metrics.received_events(
        accepted=receipt.accepted, duplicates=receipt.duplicates, rejected=len(receipt.rejected)
    )
    return Answer(_render(receipt))


async def _taking(
    desk: Desk, events: Sequence[Mapping[str, object]], *, received_at: datetime, sent_at: datetime | None
) -> "Future[Receipt]":
    """What is being taken in: a few events are checked at once, many where they hold up nobody.

    One thread of the intake brings the features up to date for all, whose pages of the store nobody else makes stale.
    """
    taking = partial(desk.intake.accept_later, events, received_at=received_at, sent_at=sent_at)
    return taking() if len(events) <= AT_ONCE else await desk.aside(taking)


def _render(receipt: Receipt) -> bytes:
    rejected = [{"index": each.index, "code": each.code, "field": each.field} for each in receipt.rejected]
    return orjson.dumps({"accepted": receipt.accepted, "duplicates": receipt.duplicates, "rejected": rejected})
