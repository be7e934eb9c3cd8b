"""Statements: somebody says that two identifiers belong together, or that they do not, with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from math import isfinite
from typing import Any, Literal

import orjson

from decisioning.errors import InvalidInputError
from features.identifier import IDENTIFIER_KINDS, MAX_LENGTH, Identifier
from features.identity_word import Word
from features.instant import MAX_AHEAD, from_us, to_us

Verb = Literal["merge", "unmerge", "proposal"]
OPERATOR = "operator"
MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class Statement:
    """One word on two identifiers, as the ledger keeps it.

    Parameters: `verb`, whether they belong together, or that a person is to decide it; `said_by`, a person's role or a
    program, never a secret;
    `certain`, said knowing what stands against it; `weight`, the evidence in bits, log2 of the odds, None where
    somebody simply says so; `evidence`, the comparison field by field, for whoever reviews it; `statement_id`, made of
    the content where none is given.
    """

    verb: Verb
    one: Identifier
    other: Identifier
    occurred_at: datetime
    reason: str
    said_by: str = OPERATOR
    certain: bool = False
    weight: float | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    statement_id: str = ""

    @property
    def id(self) -> str:
        """`statement_id`, or a hash of who said what of whom when."""
        return self.statement_id or _made_up_id(self)

    @property
    def word(self) -> Word:
        """What it means to the identity graph."""
        return Word(to_us(self.occurred_at), self.id, self.verb == "merge", self.certain, self.weight)

    @property
    def body(self) -> bytes:
        """As JSON, for the ledger."""
        told = {"reason": self.reason, "said_by": self.said_by, "certain": self.certain, "weight": self.weight}
        pair = {"one": self.one, "other": self.other, "occurred_us": to_us(self.occurred_at)}
        return orjson.dumps({**pair, **told, "evidence": self.evidence}, option=orjson.OPT_SERIALIZE_NUMPY)


def statement_of(verb: str, statement_id: str, body: bytes) -> Statement:
    """The statement of a record of kind `merge`, `unmerge` or `proposal`."""
    said = orjson.loads(body)
    pair = {key: tuple(said.pop(key)) for key in ("one", "other")}
    occurred_at = from_us(said.pop("occurred_us"))
    return Statement(verb, **pair, **said, occurred_at=occurred_at, statement_id=statement_id)  # type: ignore[arg-type] # checked when it was taken in


def check_statement(statement: Statement, *, received_at: datetime) -> None:
    """Refuse what cannot be meant.

    Raises: `InvalidInputError` that names the field and what is allowed, never the identifier's value.
    """
    for name, (kind, value) in (("one", statement.one), ("other", statement.other)):
        if kind not in IDENTIFIER_KINDS or not value or len(value) > MAX_LENGTH:
            allowed = f"kind is one of {', '.join(IDENTIFIER_KINDS)}, value has 1 to {MAX_LENGTH} characters"
            raise InvalidInputError(f"{name} is not an identifier: {allowed}", field=name)
    if statement.one == statement.other:
        raise InvalidInputError("one and other are the same identifier; name two", field="other")
    _check_words(statement)
    _check_time(statement.occurred_at, received_at)


def _check_words(statement: Statement) -> None:
    for name in ("reason", "said_by"):
        if not 0 < len(getattr(statement, name).strip()) <= MAX_REASON:
            raise InvalidInputError(f"{name} is a text of 1 to {MAX_REASON} characters", field=name)
    if statement.weight is not None and not isfinite(statement.weight):
        raise InvalidInputError(f"weight is {statement.weight}; a finite number is allowed", field="weight")


def _check_time(occurred_at: datetime, received_at: datetime) -> None:
    if occurred_at.tzinfo is None:
        raise InvalidInputError(f"{occurred_at.isoformat()} needs a UTC offset", field="occurred_at")
    if occurred_at - received_at > MAX_AHEAD:
        allowed = f"at most {MAX_AHEAD // timedelta(seconds=1)} s ahead of now is allowed"
        raise InvalidInputError(f"occurred_at is {occurred_at.isoformat()}; {allowed}", field="occurred_at")


def _made_up_id(statement: Statement) -> str:
    pair = sorted([statement.one, statement.other])
    content = [statement.verb, *pair, to_us(statement.occurred_at), statement.said_by]
    return "said-" + blake2b(orjson.dumps(content), digest_size=16).hexdigest()
