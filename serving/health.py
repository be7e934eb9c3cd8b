"""The routes for machines that watch: alive, ready and from what, measured, its contract."""

import asyncio
import sqlite3
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import orjson

from decisioning.errors import TsugiError
from serving import metrics
from serving.desk import Desk
from serving.kept import Kept
from serving.openapi import describe
from serving.responses import Answer
from serving.route import Call

PATIENCE = 2.0
"""Seconds that a store may take to answer before it counts as lost."""
_LIVE = orjson.dumps({"status": "live"})


async def live(desk: Desk, call: Call) -> Answer:  # noqa: ARG001  # the handlers' one signature
    """Answer that the process answers."""
    return Answer(_LIVE)


async def ready(desk: Desk, call: Call) -> Answer:
    """Tell the truth: 200 only where the stores that a decision needs answer now."""
    readable, writable = await asyncio.gather(_readable(desk, call.received_at), _writable(desk))
    kept: tuple[Kept[Any], ...] = (desk.bundle, desk.catalog, desk.challenger)
    report = {
        "status": "ready" if readable and writable else "unready",
        "bundle": desk.bundle.version,
        "catalog": desk.catalog.version,
        "feature_store": "readable" if readable else "unreadable",
        "ledger": "writable" if writable else "unwritable",
        "refused": [f"{each.what}: {each.refused}" for each in kept if each.refused],
    }
    return Answer(orjson.dumps(report), status=200 if readable and writable else 503)


async def _readable(desk: Desk, now: datetime) -> bool:
    try:
        await asyncio.wait_for(desk.aside(desk.probe_features, now), PATIENCE)
    except (TsugiError, sqlite3.Error, OSError, TimeoutError):
        return False
    return True


async def _writable(desk: Desk) -> bool:
    try:
        await asyncio.wait_for(asyncio.wrap_future(desk.ledger.write(_touch)), PATIENCE)
    except (TsugiError, sqlite3.Error, OSError, TimeoutError):
        return False
    return True


def _touch(connection: sqlite3.Connection) -> None:
    """Ask for nothing inside a write transaction: the lock is what matters."""
    connection.execute("SELECT 1").fetchone()


async def measured(desk: Desk, call: Call) -> Answer:  # noqa: ARG001  # the handlers' one signature
    """Give the measurements in Prometheus' text format."""
    return Answer(desk.metrics.render(), headers=((b"content-type", metrics.CONTENT_TYPE.encode()),))


async def documented(desk: Desk, call: Call) -> Answer:  # noqa: ARG001  # the handlers' one signature
    """Give the contract as OpenAPI 3.1."""
    return Answer(_document())


@cache
def _document() -> bytes:
    from serving.routes import ROUTES  # the table names this module's handlers

    return orjson.dumps(describe(ROUTES, version=_version()))


def _version() -> str:
    """Of this installation; a bento carries the code without one."""
    try:
        return version("tsugi")
    except PackageNotFoundError:
        return "unversioned"
