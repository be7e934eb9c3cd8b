"""`POST /v1/retraining-runs`, `GET /v1/retraining-runs/{run_id}`: schedulers ask, `tsugi worker` runs."""

from dataclasses import asdict

import orjson

from features.retraining_run import Run, RunRequest
from serving.desk import Desk
from serving.reading import read
from serving.responses import Answer
from serving.route import Call
from serving.schemas import RetrainingBody

ACCEPTED = 202


async def ask_for_run(desk: Desk, call: Call) -> Answer:
    """Queue a retraining, or join the one that is under way."""
    body = read(RetrainingBody, call.body)
    request = RunRequest(body.request_id, body.promote, body.if_needed)
    return _answer(await desk.aside(desk.runs.ask, request, now=call.received_at), status=ACCEPTED)


async def run_so_far(desk: Desk, call: Call) -> Answer:
    """Give one run as it stands, with the last lines that it said."""
    return _answer(await desk.aside(desk.runs.run, call.path["run_id"]))


def _answer(run: Run, *, status: int = 200) -> Answer:
    return Answer(orjson.dumps(asdict(run), option=orjson.OPT_UTC_Z), status=status)
