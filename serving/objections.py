"""`POST /v1/objections` and `/v1/holds`: what stops decisions about one customer, from the answer on."""

from dataclasses import asdict

import orjson

from features.hold import HoldReader
from serving.desk import Desk
from serving.known_names import check_hold
from serving.reading import read
from serving.responses import Answer
from serving.route import Call
from serving.schemas import HoldBody, ObjectionBody


async def objection(desk: Desk, call: Call) -> Answer:
    """Record an objection; every decision that starts after the answer obeys it."""
    given = read(ObjectionBody, call.body).objection(desk.country)
    done = await desk.aside(desk.privacy.objections.accept, given, received_at=call.received_at)
    return Answer(orjson.dumps(asdict(done)))


async def hold(desk: Desk, call: Call) -> Answer:
    """Set or release a hold; every decision that starts after the answer obeys it."""
    given = read(HoldBody, call.body).hold_set(desk.country)
    check_hold(given, desk.catalog.current)
    done = await desk.aside(desk.privacy.holds.accept, given, received_at=call.received_at)
    standing = await desk.aside(HoldReader(desk.ledger).standing, done.customer_id, call.received_at)
    told = {"hold_id": given.hold_id, **asdict(done), "holds": [asdict(each) for each in standing]}
    return Answer(orjson.dumps(told, option=orjson.OPT_UTC_Z))
