"""`POST /v1/profiles`."""

from features.profile_document import Shown
from serving.desk import Desk
from serving.reading import read
from serving.responses import Answer
from serving.route import Call
from serving.schemas import ProfileBody


async def profile(desk: Desk, call: Call) -> Answer:
    """Give the golden record of one customer; identifiers travel in the body only."""
    asked = read(ProfileBody, call.body)
    shown = Shown(losing=asked.losing, consent_history=asked.consent_history)
    reference = asked.customer.reference(desk.country)
    rendered = await desk.aside(desk.profiles.render, reference, now=call.received_at, as_of=asked.as_of, shown=shown)
    return Answer(rendered)
