"""The shapes of answers about privacy and holds."""

from typing import Any

from serving.answers import Answered
from serving.profile_answer import IdentifierAnswer, StandingHoldAnswer


class ObjectionAnswer(Answered):
    """Whose objection it was, to which purposes, and whether it was known already."""

    objection_id: str
    customer_id: str
    to: list[str]
    duplicate: bool


class HoldAnswer(Answered):
    """Whose hold it was, whether it was known already, and which holds stand now."""

    hold_id: str
    customer_id: str
    duplicate: bool
    holds: list[StandingHoldAnswer]


class ErasureAnswer(Answered):
    """What an erasure did: how many customers were found, rows removed by table, and whether every file is clear."""

    erasure_id: str
    erased_at: str
    customers: int
    removed: dict[str, int]
    swept: bool


class ExportAnswer(Answered):
    """Everything that is kept of one customer; `kept` has a list of rows for each table that has some."""

    customer_id: str
    as_of: str
    identifiers: list[IdentifierAnswer]
    profile: dict[str, Any]
    features: dict[str, Any]
    events: list[dict[str, Any]]
    decisions: list[dict[str, Any]]
    outcomes: list[dict[str, Any]]
    other_records: list[dict[str, Any]]
    kept: dict[str, list[dict[str, Any]]]
    refused: list[dict[str, Any]]
    waiting: list[dict[str, Any]]
    purposes: dict[str, Any]
    retention_days: dict[str, Any]
