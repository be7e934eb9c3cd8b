"""The BentoML service: BentoML runs the process, its workers and their end; our application answers every request.

A Starlette application behind BentoML costs a third of its typed API per request and keeps the contract ours: strict
JSON, one error shape, authentication on every route. Connections ask it first (`serving.connection`): BentoML's own
`/`, `/readyz`, `/metrics` and `/schema.json`, which know neither our keys nor our state, are never reached.
"""

import os
from dataclasses import replace
from datetime import UTC, datetime

import bentoml
from starlette.applications import Starlette

from serving.around import MadeAtStart
from serving.connection import bounded
from serving.settings import workers_in

LONGEST = 15
"""Seconds after which BentoML gives a request up; we give up earlier (`endpoint.DEADLINE`, twice), in our own words."""


def _now() -> datetime:
    return datetime.now(UTC)


def _application() -> Starlette:
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)  # each process counts by itself: in memory, not in a mapped file
    from serving.app import create_app
    from serving.composition import compose
    from serving.lasting import lasting
    from serving.log_lines import write_json_lines
    from serving.settings import from_environment

    write_json_lines()
    settings = from_environment(os.environ)
    if settings.workers > 1:
        settings = replace(settings, worker=str(bentoml.server_context.worker_index))
    return create_app(lambda: lasting(compose(settings, clock=_now)))


app = MadeAtStart(_application)
bounded(app)


@bentoml.service(
    name="tsugi",
    workers=workers_in(os.environ),
    traffic={"timeout": LONGEST},
    metrics={"enabled": False},
    logging={"access": {"enabled": False}},
    tracing={"excluded_urls": ".*"},
)
@bentoml.asgi_app(app, path="/")
class TsugiService:
    """Next-best-action decisions over HTTP."""
