"""`POST /v1/decisions`."""

from serving.desk import Desk
from serving.reading import read
from serving.responses import Answer
from serving.route import Call
from serving.schemas import DecisionBody


async def decide(desk: Desk, call: Call) -> Answer:
    """Decide for one customer, placement after placement, or repeat what was decided for this request id."""
    asked = read(DecisionBody, call.body)
    return Answer(await desk.decisions.answer_all(asked.requests(desk.country), call.body, explain=asked.explain))
