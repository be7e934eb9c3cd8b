"""`POST /v1/profiles`."""

from serving.desk import Desk
from serving.responses import Answer
from serving.route import Call
from serving.schemas import ProfileBody, read


async def profile(desk: Desk, call: Call) -> Answer:
    """Give the golden record of one customer; identifiers travel in the body only."""
    reference = read(ProfileBody, call.body).customer.reference()
    return Answer(await desk.aside(desk.profiles.render, reference, now=call.received_at))
