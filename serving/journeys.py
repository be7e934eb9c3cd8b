"""`GET /v1/journeys`: the maps of the journeys as they were last drawn; nothing is computed for a request."""

from serving.desk import Desk
from serving.responses import Answer
from serving.route import Call


async def journeys(desk: Desk, call: Call) -> Answer:  # noqa: ARG001  # the handlers' one signature
    """Give the document that `tsugi journeys` kept."""
    return Answer(await desk.aside(desk.journeys))
