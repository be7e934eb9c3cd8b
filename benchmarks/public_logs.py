"""Public randomised logs, by path: the coffee house's offers and Hillstrom's e-mails (quality.md, parts A and B)."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from decisioning.action import NO_ACTION
from training.reward_log import Floats, LoggedRewards
from training.uplift.lesson import Lesson
from training.uplift.log_columns import LARGEST_SHARE

WAVES = np.array([0, 168, 336, 408, 504, 576])
PROBABILITIES = np.array([0.25, *[0.075] * 10])
LARGEST_TRANSACTION = 50.0
ARMS = {"No E-Mail": NO_ACTION, "Mens E-Mail": "mens", "Womens E-Mail": "womens"}
OUTCOMES = ("visit", "conversion", "spend")


@dataclass(frozen=True, slots=True)
class PublicLog:
    """A log, the context known before each decision (n, n_columns), which columns hold codes, and its wave (n,)."""

    log: LoggedRewards
    context: Floats
    categorical: tuple[int, ...]
    wave: NDArray[np.int64]

    @property
    def lesson(self) -> Lesson:
        """The same as the learners see it."""
        log = self.log
        return Lesson(
            self.context, self.categorical, log.chosen, log.eligible_probability, log.capped_reward, log.customer_id
        )

    def part(self, rows: NDArray[Any]) -> "PublicLog":
        """Some of the decisions."""
        return PublicLog(self.log.part(rows), self.context[rows], self.categorical, self.wave[rows])

    def shuffled(self, seed: int) -> "PublicLog":
        """A placebo: the actions of each wave, with their probabilities, given to other decisions of that wave."""
        generator, order = np.random.default_rng(seed), np.arange(len(self.wave))
        for number in np.unique(self.wave):
            rows = np.flatnonzero(self.wave == number)
            order[rows] = generator.permutation(rows)
        log = self.log
        moved = LoggedRewards(
            log.actions,
            log.customer_id,
            log.chosen[order],
            log.eligible_probability[order],
            log.reward,
            log.capped_reward,
        )
        return PublicLog(moved, self.context, self.categorical, self.wave)


def hillstrom(folder: Path, outcome: str) -> PublicLog:
    """64,000 customers, three arms of 1/3, what was known before; `outcome` is visit, conversion or spend."""
    with gzip.open(folder / "hillstrom.csv.gz") as file:
        frame = pd.read_csv(file)
    n, money = len(frame), frame[outcome].to_numpy(dtype=float)
    capped = np.minimum(money, np.quantile(money, LARGEST_SHARE)) if outcome == "spend" else money
    chosen = frame["segment"].map(list(ARMS).index).to_numpy()
    log = LoggedRewards(tuple(ARMS.values()), np.arange(n), chosen, np.full((n, 3), 1 / 3), money, capped)
    words = np.column_stack([pd.factorize(frame[name], sort=True)[0] for name in ("zip_code", "channel")])
    numbers = frame[["recency", "history", "mens", "womens", "newbie"]].to_numpy(dtype=float)
    return PublicLog(log, np.column_stack([numbers, words.astype(float)]), (5, 6), np.zeros(n, dtype=np.int64))


def coffee(folder: Path) -> PublicLog:
    """All 102,000 decisions in order of wave; rewards are what is spent until the next one, less what was paid out."""
    portfolio = pd.read_json(folder / "portfolio.json", lines=True)
    profile = pd.read_json(folder / "profile.json.gz", lines=True)
    events = _events(folder / "transcript.json.gz")
    place = {person: row for row, person in enumerate(profile["id"])}
    cell = _Cells(
        row=events["person"].map(place).to_numpy(),
        wave=np.searchsorted(WAVES, events["time"].to_numpy(), side="right") - 1,
        n=len(profile),
    )
    arm = _arms(events, cell, list(portfolio["id"]))
    paid = _paid(events, cell, arm, portfolio)
    money = [_spend(events, cell, largest=largest) - paid for largest in (np.inf, LARGEST_TRANSACTION)]
    actions = (NO_ACTION, *(_name(offer) for offer in portfolio.to_dict("records")))
    chosen, raw, capped = (matrix.T.ravel() for matrix in (arm, *money))
    n = len(profile)
    log = LoggedRewards(
        actions, np.tile(np.arange(n), 6), chosen.astype(int), np.tile(PROBABILITIES, (6 * n, 1)), raw, capped
    )
    context = np.concatenate([_known(profile, events, cell, arm, wave) for wave in range(6)])
    return PublicLog(log, context, (2, 9), np.repeat(np.arange(1, 7), n))


@dataclass(frozen=True, slots=True)
class _Cells:
    """Where each event counts: its customer's row and the wave before it, of `n` customers."""

    row: NDArray[np.int64]
    wave: NDArray[np.int64]
    n: int

    def summed(self, chosen: NDArray[np.bool_], weights: Floats) -> Floats:
        """The sum of some events by customer and wave, (n, 6)."""
        place = (self.row * 6 + self.wave)[chosen]
        sums = np.bincount(place, weights=weights[chosen], minlength=self.n * 6)
        return sums.astype(np.float64).reshape(self.n, 6)

    def before(self, chosen: NDArray[np.bool_], weights: Floats) -> Floats:
        """The sum of some events by customer, (n,)."""
        return np.bincount(self.row[chosen], weights=weights[chosen], minlength=self.n).astype(np.float64)


def _events(path: Path) -> pd.DataFrame:
    with gzip.open(path, "rt") as lines:
        events = [json.loads(line) for line in lines if line.strip()]
    return pd.DataFrame(
        {
            "person": [event["person"] for event in events],
            "kind": [event["event"] for event in events],
            "offer": [event["value"].get("offer id") or event["value"].get("offer_id") for event in events],
            "amount": [event["value"].get("amount", 0.0) for event in events],
            "time": [event["time"] for event in events],
        }
    )


def _name(offer: Any) -> str:
    return f"{offer['offer_type']} ${offer['reward']} off ${offer['difficulty']}, {offer['duration']:.0f} days"


def _arms(events: pd.DataFrame, cell: _Cells, offers: list[str]) -> Floats:
    received = (events["kind"] == "offer received").to_numpy()
    arm = np.zeros((cell.n, 6))
    number = events["offer"][received].map(offers.index).to_numpy() + 1
    arm[cell.row[received], cell.wave[received]] = number
    return arm


def _spend(events: pd.DataFrame, cell: _Cells, *, largest: float) -> Floats:
    bought = (events["kind"] == "transaction").to_numpy()
    return cell.summed(bought, events["amount"].clip(upper=largest).to_numpy())


def _paid(events: pd.DataFrame, cell: _Cells, arm: Floats, portfolio: pd.DataFrame) -> Floats:
    """Rewards of completions of the very offer of the wave."""
    done = (events["kind"] == "offer completed").to_numpy()
    number = events["offer"].map({offer: place for place, offer in enumerate(portfolio["id"])}).fillna(-1).to_numpy()
    own = done & (arm[cell.row, cell.wave] == number + 1)
    amounts = portfolio["reward"].to_numpy(dtype=float)
    return cell.summed(own, np.where(own, amounts[number.astype(int)], 0.0))


def _known(profile: pd.DataFrame, events: pd.DataFrame, cell: _Cells, arm: Floats, wave: int) -> Floats:
    """What was known of every customer before a wave, (n, 10)."""
    start = int(WAVES[wave])
    age = profile["age"].where(profile["age"] < 118).to_numpy(dtype=float)
    member = pd.to_datetime(profile["became_member_on"].astype(str)).to_numpy().astype("datetime64[D]").astype(float)
    kind, over = events["kind"], (events["time"] < start).to_numpy()
    bought = (kind == "transaction").to_numpy() & over
    one = np.ones(len(events))
    spent = cell.before(bought, events["amount"].clip(upper=LARGEST_TRANSACTION).to_numpy())
    visits = cell.before(bought, one)
    scale = max(start, 1) / 168
    columns = [
        age,
        profile["income"].to_numpy(dtype=float),
        profile["gender"].map({"M": 0, "F": 1, "O": 2}).to_numpy(dtype=float),
        member,
        spent / scale,
        visits / scale,
        np.divide(spent, visits, out=np.full(cell.n, np.nan), where=visits > 0),
        cell.before((kind == "offer viewed").to_numpy() & over, one) / scale,
        cell.before((kind == "offer completed").to_numpy() & over, one) / scale,
        arm[:, wave - 1] if wave else np.full(cell.n, np.nan),
    ]
    return np.column_stack(columns).astype(float)
