"""`POST /v1/erasures`, `/v1/exports`: what a customer may ask for; identifiers travel in the body only."""

from dataclasses import asdict

import orjson

from serving.desk import Desk
from serving.reading import read
from serving.responses import Answer
from serving.route import Call
from serving.schemas import CustomerOnlyBody


async def erase(desk: Desk, call: Call) -> Answer:
    """Erase one customer: when this is answered nothing of them can be read; files are swept soon after."""
    reference = read(CustomerOnlyBody, call.body).customer.reference(desk.country)
    done = await desk.aside(desk.privacy.erasures.erase, [reference], now=call.received_at)
    swept = done.erasure_id not in await desk.aside(desk.privacy.sweeper.pending)
    return Answer(orjson.dumps({**asdict(done), "swept": swept}, option=orjson.OPT_UTC_Z))


async def export(desk: Desk, call: Call) -> Answer:
    """Give everything that is kept of one customer."""
    reference = read(CustomerOnlyBody, call.body).customer.reference(desk.country)
    told = await desk.aside(desk.privacy.access.of, reference, now=call.received_at)
    return Answer(orjson.dumps(told, option=orjson.OPT_UTC_Z))
