"""Deciding over HTTP: repeat what was answered, or decide, record durably, and only then answer."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from types import coroutine
from typing import Protocol

import orjson

from decisioning.decide import ATTEMPTS, Ports, propose, proposing
from decisioning.decision import Decision, DecisionRequest
from decisioning.eligibility import UNRECORDED
from decisioning.errors import ConflictError, StaleContactsError, UnavailableError
from decisioning.placing import placement_of
from decisioning.stages import Result, Stages
from features.decision_answer import render_decision
from serving.metrics import Metrics
from serving.responses import joined, shown_in, unavailable

PATIENCE = 5.0
"""Seconds that a decision may wait to become durable."""

logger = logging.getLogger(__name__)


class Answers(Protocol):
    """Knows the answers that were given."""

    def answer_for(self, request_id: str) -> tuple[str, bytes] | None:
        """Give the body hash and the answer of a request id that was used before."""
        ...


@dataclass(frozen=True, slots=True)
class DecisionDesk:
    """Answers decision requests.

    Parameters: `ports` gives what to decide from *now* (a swapped bundle or catalogue is seen by the next request);
    `answers`, those already given; `clock`.
    """

    ports: Callable[[], Ports]
    answers: Answers
    clock: Callable[[], datetime]
    metrics: Metrics

    async def answer(self, request: DecisionRequest, body: object, *, explain: int = 0) -> bytes:
        """Give the answer, byte-equal for the same id and body.

        Parameters: `body`, the parsed request, whose meaning is hashed; `explain`, how many ranked actions name the
        features that moved their propensity. Raises `ConflictError` where the id was used
        with another body, `UnavailableError` where the decision was not durable in time. Where it cannot be recorded at
        all, only what nothing counts is offered.
        """
        return await self._answer(request, body_hash(body), explain)

    async def answer_all(self, requests: Sequence[DecisionRequest], body: object, *, explain: int = 0) -> bytes:
        """As `answer`, of several placements, one after the other: none shows what those before it show.

        Each is a decision of its own, recorded before the next is made: caps and pools hold over all of them, and a
        call that was cut short goes on where it was. The first answer has the others as `further`. Where any of their
        ids was used with another body, nothing is decided.
        """
        asked = body_hash(body)
        if len(requests) == 1:
            return await self._answer(requests[0], asked, explain)
        self._check(requests, asked)
        answers: list[bytes] = []
        taken: tuple[str, ...] = ()
        for request in requests:
            answers.append(await self._answer(replace(request, taken=taken), asked, explain))
            taken = (*taken, *shown_in(answers[-1]))
        return joined(answers)

    def _check(self, requests: Sequence[DecisionRequest], asked: str) -> None:
        """Look at all that is asked before any of it is decided."""
        for place, request in enumerate(requests, 1):
            if self._before(request.request_id, asked, place) is None:
                placement_of(request, self.ports().catalog)

    async def _answer(self, request: DecisionRequest, asked: str, explain: int) -> bytes:
        repeated = self._repeat(request.request_id, asked)
        return await self._decide(request, asked, explain) if repeated is None else repeated

    def _repeat(self, request_id: str, asked: str) -> bytes | None:
        answer = self._before(request_id, asked)
        if answer is not None:
            self.metrics.repeated()
        return answer

    def _before(self, request_id: str, asked: str, place: int = 1) -> bytes | None:
        """The answer that was given to this id; `ConflictError` where it was given to another body."""
        before = self.answers.answer_for(request_id)
        if before is None:
            return None
        if before[0] != asked:
            named = "this request_id" if place == 1 else f"this request_id with #{place} behind it"
            raise ConflictError(
                f"{named} was used before with a different body; the first answer stands", field="request_id"
            )
        return before[1]

    async def _decide(self, request: DecisionRequest, asked: str, explain: int) -> bytes:
        for attempt in range(ATTEMPTS + 1):
            ports = replace(self.ports(), explained=explain) if explain else self.ports()
            decision, answer = await _abreast(self._answering(request, ports, offer=attempt < ATTEMPTS))
            try:
                await _durable(ports.log.record(decision, answer=answer, body_hash=asked))
            except StaleContactsError:
                self.metrics.made_anew()
                continue
            except ConflictError:
                return self._first_answer(request.request_id, asked)
            except UnavailableError as error:
                return self._unrecorded(request, error)
            self.metrics.decided(decision.chosen, degraded=bool(decision.degraded))
            return answer
        raise unavailable("the customer's contacts kept changing; try again")

    def _answering(self, request: DecisionRequest, ports: Ports, *, offer: bool) -> Stages[tuple[Decision, bytes]]:
        """A decision and how it is told, in stages: others that are under way come as far before each."""
        yield
        decision = yield from proposing(request, ports=ports, now=self.clock(), offer=offer)
        yield
        return decision, render_decision(decision, currency=ports.catalog.catalog.currency)

    def _unrecorded(self, request: DecisionRequest, error: UnavailableError) -> bytes:
        """Answer while the ledger cannot be written: only what no cap and no pool counts may be offered."""
        logger.error("a decision could not be recorded, so nothing that is counted was offered: %s", error.message)
        ports = self.ports()
        ports = replace(ports, degraded=(*ports.degraded, UNRECORDED))
        decision = propose(request, ports=ports, now=self.clock())
        self.metrics.decided(decision.chosen, degraded=True)
        return render_decision(decision, currency=ports.catalog.catalog.currency)

    def _first_answer(self, request_id: str, asked: str) -> bytes:
        """Give the answer of the request that came first with this id, while this one was being decided."""
        answer = self._repeat(request_id, asked)
        if answer is None:
            raise ConflictError("this request_id belongs to a decision without an answer", field="request_id")
        return answer


@coroutine
def _abreast(stages: Stages[Result]) -> Stages[Result]:
    """Let whatever else is under way come as far, after each stage; the event loop takes a bare yield for that."""
    return (yield from stages)


async def _durable(recorded: "Future[None]") -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.wrap_future(recorded)
    except TimeoutError:
        raise unavailable("the decision could not be recorded in time; try again") from None


def body_hash(body: object) -> str:
    """Hash what a body means: the order of names and white space do not matter.

    >>> body_hash({"a": 1, "b": 2}) == body_hash({"b": 2, "a": 1})
    True
    """
    return blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()
