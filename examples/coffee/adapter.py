"""Turns the coffee rewards data into what this service would have recorded: events, decisions, outcomes.

The data: 17,000 simulated customers of a coffee house's app, ten offers, 714 hours. Six times an offer (or none) was
drawn for every customer, independent of everything known of them: none with probability 0.25, each offer with 0.075.

Times: the data counts whole hours. A wave decides at the full hour; everything that the data puts into that hour is
placed some minutes later. So whatever is known "as of the decision" is from earlier hours, and an hour's spend counts
for the decision that opens it.
"""

import gzip
import zlib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson

from decisioning.action import NO_ACTION
from decisioning.customer import CustomerReference
from decisioning.decision import Decision, RankedAction, Versions
from decisioning.errors import NotFoundError
from decisioning.outcome import Outcome, OutcomeType

STARTS_AT = datetime(2018, 8, 1, tzinfo=UTC)
"""Hour 0. The data does not say; this is the first month that begins after the last customer joined."""
WAVE_HOURS = (0, 168, 336, 408, 504, 576)
OFFER_PROBABILITY = 0.075
NO_OFFER_PROBABILITY = 0.25
EPSILON = 0.825
"""The draw was: with 0.825 any of the eleven alike, else no offer; which gives the two probabilities above."""
UNKNOWN_AGE = 118
CHANNEL, PLACEMENT = "email", "offer_wave"
FILES = ("portfolio.json", "profile.json", "transcript.json")
MINUTES = {"offer received": 1, "offer viewed": 20, "transaction": 30, "offer completed": 31}
"""How long after the full hour each kind of line is placed."""
REWARD_PAID_AFTER = timedelta(minutes=1)


class DataFolderError(NotFoundError):
    """The folder does not hold the data, or holds something else."""

    code = "missing_data"


@dataclass(frozen=True, slots=True)
class Offer:
    """One line of the portfolio; `name` is the action's name in `catalog.yaml`."""

    name: str
    kind: str
    reward: float
    difficulty: float
    days: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the transcript: `number` counts from 0; `amount` is 0 where there is none."""

    number: int
    customer: str
    event: str
    hour: int
    offer: Offer | None
    amount: float

    @property
    def at(self) -> datetime:
        """When it happened: some minutes into its hour, no two lines at one time."""
        minutes = timedelta(minutes=MINUTES[self.event], microseconds=self.number)
        return STARTS_AT + timedelta(hours=self.hour) + minutes

    @property
    def wave(self) -> int:
        """The wave whose decision it follows, until the next one."""
        return bisect_right(WAVE_HOURS, self.hour) - 1


@dataclass(frozen=True, slots=True)
class Adapted:
    """The data as records.

    Parameters: `offers`, by the data's own id; `profiles`, as in the file; `lines`, in order; `drawn`, per customer the
    action of each wave.
    """

    offers: Mapping[str, Offer]
    profiles: Sequence[Mapping[str, Any]]
    lines: Sequence[Line]
    drawn: Mapping[str, Sequence[str]]

    @property
    def waves(self) -> tuple[datetime, ...]:
        """When each wave decided."""
        return tuple(STARTS_AT + timedelta(hours=hour) for hour in WAVE_HOURS)

    def events(self) -> Iterator[dict[str, Any]]:
        """Everything that happened, as Segment events in order of time; a backfill: nothing was received late."""
        yield from sorted(map(_identify, self.profiles), key=lambda event: str(event["timestamp"]))
        tracked = (event for line in self.lines for event in self._tracked(line))
        yield from (event for _, event in sorted(tracked, key=lambda pair: pair[0]))

    def decisions(self) -> Iterator[Decision]:
        """One decision per wave and customer, in order of time; `customer_id` is "" until identity resolves it."""
        eligible = {NO_ACTION: NO_OFFER_PROBABILITY} | {each.name: OFFER_PROBABILITY for each in self.offers.values()}
        for wave, decided_at in enumerate(self.waves):
            for customer, drawn in self.drawn.items():
                yield _decision(customer, wave, decided_at, chosen=drawn[wave], eligible=eligible)

    def outcomes(self) -> Iterator[Outcome]:
        """Views (clicks) and completions (accepts) of what a decision offered, in order of time."""
        outcomes = (outcome for line in self.lines for outcome in self._outcomes(line))
        yield from sorted(outcomes, key=lambda outcome: outcome.occurred_at)

    def _tracked(self, line: Line) -> Iterator[tuple[datetime, dict[str, Any]]]:
        name, properties = EVENT_NAMES[line.event], _properties(line)
        yield line.at, _track(line, name, properties, at=line.at)
        if self._pays(line):
            paid_at = line.at + REWARD_PAID_AFTER
            yield paid_at, _track(line, "Reward Paid", {**properties, "amount": line.amount}, at=paid_at)

    def _pays(self, line: Line) -> bool:
        """Whether the line completes what its own wave offered: then, and only then, its reward counts against it."""
        if line.event != "offer completed" or line.offer is None:
            return False
        return self.drawn[line.customer][line.wave] == line.offer.name

    def _outcomes(self, line: Line) -> Iterator[Outcome]:
        kind, offer = OUTCOMES.get(line.event), line.offer
        wave = self._offered(line, offer) if kind and offer else None
        if kind is None or offer is None or wave is None:
            return
        yield Outcome(
            outcome_id=f"{kind}-{line.number}",
            decision_id=decision_id(line.customer, wave),
            action=offer.name,
            treatment=CHANNEL,
            type=kind,
            occurred_at=line.at,
        )

    def _offered(self, line: Line, offer: Offer) -> int | None:
        """The newest wave that offered this, if the offer was still valid then."""
        drawn = self.drawn[line.customer]
        waves = (wave for wave in range(line.wave, -1, -1) if drawn[wave] == offer.name)
        newest = next(waves, None)
        valid = newest is not None and line.hour <= WAVE_HOURS[newest] + offer.days * 24
        return newest if valid else None


EVENT_NAMES = {
    "offer received": "Offer Received",
    "offer viewed": "Offer Viewed",
    "transaction": "Order Completed",
    "offer completed": "Offer Completed",
}
OUTCOMES: Mapping[str, OutcomeType] = {"offer viewed": "click", "offer completed": "accept"}


def decision_id(customer: str, wave: int) -> str:
    """Name the decision of a wave for a customer; waves count from 1.

    >>> decision_id("68be06ca", 0)
    'wave1-68be06ca'
    """
    return f"wave{wave + 1}-{customer}"


def adapt(folder: Path) -> Adapted:
    """Read the data in `folder`: `portfolio.json`, `profile.json`, `transcript.json`, each plain or as `.gz`.

    Raises `DataFolderError` that names the folder and what is missing or broken.
    """
    portfolio, profiles, transcript = (_rows(path) for path in _paths(folder))
    try:
        offers = {row["id"]: _offer(row) for row in portfolio}
        lines = [_line(number, row, offers) for number, row in enumerate(transcript)]
        return Adapted(offers, profiles, lines, _drawn(profiles, lines))
    except (KeyError, TypeError, ValueError) as error:
        raise DataFolderError(f"{folder} does not hold the coffee data: {type(error).__name__}: {error}") from error


def _paths(folder: Path) -> list[Path]:
    found = {name: [path for path in (folder / name, folder / f"{name}.gz") if path.is_file()] for name in FILES}
    missing = [name for name, paths in found.items() if not paths]
    if missing:
        what = "exists, but lacks" if folder.is_dir() else "does not exist; expected there are"
        raise DataFolderError(f"data folder {folder} {what} {', '.join(missing)} (each plain or as .gz)")
    return [paths[0] for paths in found.values()]


def _rows(path: Path) -> list[dict[str, Any]]:
    try:
        text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return [orjson.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, EOFError, zlib.error, orjson.JSONDecodeError) as error:
        raise DataFolderError(f"{path} is damaged: {error}") from error


def _offer(row: Mapping[str, Any]) -> Offer:
    reward, difficulty, days = float(row["reward"]), float(row["difficulty"]), float(row["duration"])
    off = f"_{reward:g}_off_{difficulty:g}" if row["offer_type"] == "discount" else f"_{reward:g}" if reward else ""
    return Offer(f"{row['offer_type']}{off}_{days:g}d", row["offer_type"], reward, difficulty, days)


def _line(number: int, row: Mapping[str, Any], offers: Mapping[str, Offer]) -> Line:
    event, value = row["event"], row["value"]
    if event not in EVENT_NAMES:
        raise ValueError(f"unknown event {event!r}; known are {', '.join(EVENT_NAMES)}")
    offer = None if event == "transaction" else offers[value.get("offer id") or value["offer_id"]]
    amount = float(value.get("amount") or value.get("reward") or 0.0)
    return Line(number, row["person"], event, int(row["time"]), offer, amount)


def _drawn(profiles: Sequence[Mapping[str, Any]], lines: Sequence[Line]) -> dict[str, list[str]]:
    drawn = {str(profile["id"]): [NO_ACTION] * len(WAVE_HOURS) for profile in profiles}
    for line in lines:
        waves = drawn[line.customer]
        if line.event == "offer received" and line.offer:
            waves[WAVE_HOURS.index(line.hour)] = line.offer.name
    return drawn


def _identify(profile: Mapping[str, Any]) -> dict[str, Any]:
    joined_at = datetime.strptime(profile["became_member_on"], "%Y%m%d").replace(tzinfo=UTC)
    traits = {"age": profile["age"], "gender": profile["gender"], "income": profile["income"]}
    known = {
        name: value for name, value in traits.items() if value is not None and (name, value) != ("age", UNKNOWN_AGE)
    }
    return {
        "type": "identify",
        "messageId": f"profile-{profile['id']}",
        "userId": profile["id"],
        "timestamp": joined_at.isoformat(),
        "traits": {**known, "became_member_on": joined_at.date().isoformat()},
    }


def _track(line: Line, name: str, properties: dict[str, Any], *, at: datetime) -> dict[str, Any]:
    return {
        "type": "track",
        "event": name,
        "messageId": f"{name.lower().replace(' ', '-')}-{line.number}",
        "userId": line.customer,
        "timestamp": at.isoformat(),
        "properties": properties,
    }


def _properties(line: Line) -> dict[str, Any]:
    if line.offer is None:
        return {"order_id": f"o-{line.number}", "revenue": line.amount, "currency": "USD"}
    return {"offer": line.offer.name, "offer_type": line.offer.kind, "reward": line.offer.reward}


def _decision(
    customer: str, wave: int, decided_at: datetime, *, chosen: str, eligible: Mapping[str, float]
) -> Decision:
    name = decision_id(customer, wave)
    return Decision(
        decision_id=name,
        request_id=name,
        customer_id="",
        reference=CustomerReference("user_id", customer),
        decided_at=decided_at,
        channel=CHANNEL,
        placement=PLACEMENT,
        arm="random_eligible",
        epsilon=EPSILON,
        seed=0,
        chosen=chosen,
        ranked=() if chosen == NO_ACTION else (_ranked(chosen, eligible[chosen]),),
        eligible=eligible,
        scores={},
        exclusions=(),
        features={},
        context={},
        versions=Versions(catalog="imported", bundle="imported", policy="imported"),
        contacts_version=0,
    )


def _ranked(action: str, probability: float) -> RankedAction:
    return RankedAction(
        rank=1,
        action=action,
        treatment=CHANNEL,
        channel=CHANNEL,
        propensity=0.0,
        uplift=None,
        value=0.0,
        cost=0.0,
        context_weight=1.0,
        lever=1.0,
        priority=0.0,
        action_probability=probability,
        rank_probability=probability,
        reasons=("imported: drawn by chance, not scored",),
    )
