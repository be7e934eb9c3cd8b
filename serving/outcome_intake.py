"""`POST /v1/outcomes`: facts about decisions, each checked by itself; the right ones are kept whatever the rest is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import orjson

from decisioning.errors import InvalidInputError
from decisioning.outcome import Outcome
from features.outcomes import OutcomeReceipt
from features.receipt import Arrival
from features.rejection import Rejection
from features.rejects import keep_rejects
from serving.desk import Desk
from serving.reading import read
from serving.responses import Answer, HttpError
from serving.route import Call
from serving.schemas import OutcomeBody, OutcomesBody


async def outcomes(desk: Desk, call: Call) -> Answer:
    """Take outcomes: 200 with what became of each, or the first one's error where none of them could be taken."""
    sifted = _sift(read(OutcomesBody, call.body).outcomes)
    receipt = await desk.aside(desk.outcomes.accept, sifted.good, received_at=call.received_at)
    await desk.aside(_keep_aside, desk, call, sifted)
    problems = sifted.problems(receipt)
    desk.metrics.received_outcomes(
        accepted=receipt.accepted,
        duplicates=receipt.duplicates,
        quarantined=receipt.quarantined,
        rejected=len(problems),
    )
    if receipt.accepted + receipt.duplicates + receipt.quarantined == 0:
        raise _as_error(problems[0])
    return Answer(_render(receipt, problems))


@dataclass(frozen=True, slots=True)
class _Sifted:
    """A batch after the first check: what is well formed, with its places in the batch, and what is not, as sent."""

    good: Sequence[Outcome]
    places: Sequence[int]
    refused: Sequence[tuple[Rejection, bytes]]

    def problems(self, receipt: OutcomeReceipt) -> list[Rejection]:
        """List everything refused, in the order of the batch."""
        later = (*receipt.rejected, *receipt.conflicts, *receipt.erased)
        found = [replace(each, index=self.places[each.index]) for each in later]
        return sorted([each for each, _ in self.refused] + found, key=lambda each: each.index)


def _sift(raw: Sequence[object]) -> _Sifted:
    good: list[Outcome] = []
    places: list[int] = []
    refused: list[tuple[Rejection, bytes]] = []
    for index, each in enumerate(raw):
        try:
            good.append(read(OutcomeBody, each).outcome())
            places.append(index)
        except InvalidInputError as error:
            refused.append((Rejection.of(index, error), orjson.dumps(each)))
    return _Sifted(good, places, refused)


def _keep_aside(desk: Desk, call: Call, sifted: _Sifted) -> None:
    """Write what is not even well formed to the reject table, so that nothing is lost."""
    if sifted.refused:
        keep = partial(keep_rejects, rejected=sifted.refused, arrival=Arrival(call.received_at, source="outcome"))
        desk.ledger.write(keep).result()


def _as_error(problem: Rejection) -> HttpError:
    path = f"outcomes[{problem.index}]{'.' if problem.field else ''}{problem.field}"
    return HttpError(_STATUS.get(problem.code, 400), problem.code, problem.message, field=path)


def _render(receipt: OutcomeReceipt, problems: Sequence[Rejection]) -> bytes:
    return orjson.dumps(
        {
            "accepted": receipt.accepted,
            "duplicates": receipt.duplicates,
            "quarantined": receipt.quarantined,
            "late_impressions": receipt.late_impressions,
            "rejected": [{"index": each.index, "code": each.code, "field": each.field} for each in problems],
        }
    )


_STATUS = {"conflict": 409, "erased": 410}
