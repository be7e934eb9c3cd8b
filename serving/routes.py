"""Every route of the contract; what is served, checked, counted and documented is this table."""

from typing import get_args

from serving import answers, schemas
from serving.action_list import actions
from serving.body import BATCH_LIMIT, SENDER_LIMIT
from serving.consents import consent
from serving.decisions import decide
from serving.explanation_answer import ExplanationAnswer
from serving.explanations import explain
from serving.health import documented, live, measured, ready
from serving.journey_answers import JourneysAnswer
from serving.journeys import journeys
from serving.objections import hold, objection
from serving.outcome_intake import outcomes
from serving.privacy import erase, export
from serving.privacy_answers import ErasureAnswer, ExportAnswer, HoldAnswer, ObjectionAnswer
from serving.profile_answer import ProfileAnswer
from serving.profiles import profile
from serving.retraining import ACCEPTED, ask_for_run, run_so_far
from serving.retraining_answer import RetrainingAnswer
from serving.route import Route
from serving.schemas import SegmentType
from serving.segment import batch, single


def _segment(path: str, summary: str) -> Route:
    return Route(
        "POST", path, summary, batch, takes=schemas.BatchBody, gives=answers.EventsAnswer,
        access="segment", right="write", limit=SENDER_LIMIT, in_place=True,
    )  # fmt: skip


def _single(kind: SegmentType) -> Route:
    return Route(
        "POST", f"/v1/{kind}", f"One `{kind}` call of a Segment sender", single(kind), takes=schemas.EventBody,
        gives=answers.EventsAnswer, access="segment", right="write", in_place=True,
    )  # fmt: skip


ROUTES: tuple[Route, ...] = (
    Route(
        "POST", "/v1/decisions", "Decide what to do next for one customer", decide, takes=schemas.DecisionBody,
        gives=answers.DecisionAnswer, errors=(409, 410), right="decide",
    ),
    Route(
        "POST", "/v1/explanations", "Why a past decision came out as it did, and what if", explain,
        takes=schemas.ExplanationBody, gives=ExplanationAnswer, errors=(404, 410), right="read",
    ),
    Route(
        "POST", "/v1/outcomes", "Report what became of decisions", outcomes, takes=schemas.OutcomesBody,
        gives=answers.OutcomesAnswer, errors=(409, 410), right="decide", limit=BATCH_LIMIT,
    ),
    _segment("/v1/batch", "A batch of events from a Segment sender"),
    *(_single(kind) for kind in get_args(SegmentType)),
    Route(
        "POST", "/v1/events", "A batch of events", batch, takes=schemas.BatchBody, gives=answers.EventsAnswer,
        limit=BATCH_LIMIT, in_place=True, right="write",
    ),
    Route(
        "POST", "/v1/profiles", "What is known of one customer", profile, takes=schemas.ProfileBody,
        gives=ProfileAnswer, errors=(404,), right="read",
    ),
    Route(
        "POST", "/v1/consents", "Record what a customer allowed or refused, with its proof", consent,
        takes=schemas.ConsentBody, gives=answers.ConsentReceiptAnswer, errors=(404, 409, 410), right="decide",
    ),
    Route(
        "POST", "/v1/objections", "Record that a customer objects to profiling or marketing", objection,
        takes=schemas.ObjectionBody, gives=ObjectionAnswer, errors=(404, 409, 410), right="decide",
    ),
    Route(
        "POST", "/v1/holds", "Set or release a hold on one customer", hold, takes=schemas.HoldBody,
        gives=HoldAnswer, errors=(404, 409, 410), right="decide",
    ),
    Route(
        "POST", "/v1/erasures", "Erase one customer for good", erase, takes=schemas.CustomerOnlyBody,
        gives=ErasureAnswer, right="admin",
    ),
    Route(
        "POST", "/v1/exports", "Everything that is kept of one customer", export, takes=schemas.CustomerOnlyBody,
        gives=ExportAnswer, errors=(404,), right="admin",
    ),
    Route(
        "GET", "/v1/journeys", "The maps of the journeys as they were last drawn", journeys, gives=JourneysAnswer,
        errors=(404,), right="read",
    ),
    Route(
        "POST", "/v1/retraining-runs", "Ask for a retraining", ask_for_run, takes=schemas.RetrainingBody,
        gives=RetrainingAnswer, errors=(409,), right="admin", status=ACCEPTED,
    ),
    Route(
        "GET", "/v1/retraining-runs/{run_id}", "How far a retraining came", run_so_far,
        gives=RetrainingAnswer, errors=(404,), right="admin",
    ),
    Route("GET", "/v1/actions", "The catalogue that serves now", actions, gives=answers.ActionsAnswer, right="read"),
    Route("GET", "/livez", "Whether the process answers", live, gives=answers.LiveAnswer, access="public"),
    Route("GET", "/readyz", "Whether decisions can be made", ready, gives=answers.ReadyAnswer, reports=(503,)),
    Route("GET", "/metrics", "Measurements in Prometheus' text format", measured),
    Route("GET", "/docs.json", "This contract as OpenAPI 3.1", documented, gives=answers.ContractAnswer),
)  # fmt: skip
