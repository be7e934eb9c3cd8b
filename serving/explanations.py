"""`POST /v1/explanations`."""

import orjson

from features.explanation.document import document_of
from serving.desk import Desk
from serving.reading import read
from serving.responses import Answer
from serving.route import Call
from serving.schemas import ExplanationBody


async def explain(desk: Desk, call: Call) -> Answer:
    """Explain one past decision, make it again, and say what would have been, had something been otherwise."""
    asked = read(ExplanationBody, call.body)
    explanation = await desk.aside(desk.explainer.explain, asked.decision_id, asked.supposition())
    return Answer(orjson.dumps(document_of(explanation, desk.descriptions)))
