"""The shape of a retraining run, as `serving.retraining` answers it."""

from typing import Any, Literal

from serving.answers import Answered


class RunLineAnswer(Answered):
    """One line that a run said."""

    at: str
    text: str


class RetrainingAnswer(Answered):
    """One run: `requests`, triggers that it answers; `attempts`, times that a worker began it; `result`, once ended."""

    run_id: str
    promote: bool
    if_needed: bool
    state: Literal["queued", "running", "promoted", "refused", "nothing_new", "not_needed", "held_back", "failed"]
    requested_at: str
    requests: int
    attempts: int
    started_at: str | None
    ended_at: str | None
    exit_code: int | None
    result: dict[str, Any]
    lines: list[RunLineAnswer]
