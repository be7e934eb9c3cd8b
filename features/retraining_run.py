"""A retraining run: what a scheduler asked for, and how far it came."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

RunState = Literal["queued", "running", "promoted", "refused", "nothing_new", "not_needed", "held_back", "failed"]
ENDED: Mapping[int, RunState] = {0: "promoted", 10: "refused", 11: "nothing_new", 14: "held_back"}
"""What a run came to, by the exit code of its command; whatever else it exits with, it failed."""


NOT_NEEDED = "not needed"
"""The verdict that a run prints, with exit code 0, where it had nothing to do."""


def state_of(exit_code: int, result: Mapping[str, Any]) -> RunState:
    """What a run came to.

    >>> state_of(0, {"verdict": "not needed"}), state_of(0, {}), state_of(1, {})
    ('not_needed', 'promoted', 'failed')
    """
    if exit_code == 0 and result.get("verdict") == NOT_NEEDED:
        return "not_needed"
    return ENDED.get(exit_code, "failed")


@dataclass(frozen=True, slots=True)
class RunRequest:
    """One trigger.

    Parameters: `request_id`, which tells repeats; `promote`, whether what is learned may serve; `if_needed`, whether
    to learn only where something moved, or enough is new.
    """

    request_id: str
    promote: bool = True
    if_needed: bool = False


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line that a run said."""

    at: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Run:
    """One run as it stands.

    Parameters: `requests`, how many triggers it answers; `attempts`, how often a worker began it; `exit_code` and
    `result`, of its command, once it has ended; `lines`, the last that it said.
    """

    run_id: str
    promote: bool
    if_needed: bool
    state: RunState
    requested_at: datetime
    requests: int
    attempts: int
    started_at: datetime | None = None
    ended_at: datetime | None = None
    exit_code: int | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    lines: tuple[LogLine, ...] = ()
