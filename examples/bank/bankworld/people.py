"""Who they are: what identify calls tell of a customer, and the moods and tastes that nobody tells."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from bankworld.business import ACTIONS
from bankworld.chance import stream
from bankworld.timeline import DAYS

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

SEGMENTS = ("mass", "affluent", "private")
EMPLOYMENTS = ("employee", "self_employed", "student", "retired")
HOUSING = ("renter", "owner")
CITIES = ("Arvika", "Belmora", "Castrel", "Dunmere", "Eskholm", "Farrow")
TASTE_SPREAD = 0.2


@dataclass(frozen=True, slots=True)
class People:
    """Everyone who is or may become a customer; every array has n_customers rows.

    Parameters: income and balance in thousands of euros; `mood`, standard normal, above 0 is content; `activity`, a
    factor on visits with mean 1; `digital`, standard normal, higher lives online; `taste` (n, n_actions), a factor with
    mean 1 on what an action changes; `seen_from`, `opened` and `closed` in days of the year (`opened` below 0: before
    the year; inf: never); `preferred`, the stated channel's index or -1.
    """

    age: Ints
    income: Floats
    balance: Floats
    segment: Ints
    employment: Ints
    owner: Flags
    children: Ints
    trips: Ints
    city: Ints
    preferred: Ints
    mood: Floats
    activity: Floats
    digital: Floats
    taste: Floats
    seen_from: Floats
    opened: Floats
    closed: Floats

    def __len__(self) -> int:
        return len(self.age)

    def of(self, person: Ints) -> "People":
        """The same facts, one row for each of the given people."""
        return People(*(getattr(self, field.name)[person] for field in fields(self)))

    def is_customer(self, person: Ints, day: Floats) -> Flags:
        """Whether the account is open on that day."""
        opened: Flags = (self.opened[person] <= day) & (day < self.closed[person])
        return opened


def draw_people(n: int, seed: int) -> People:
    """Draw n people; equal seeds give equal people."""
    rng = stream(seed, "people")
    age = np.clip(rng.normal(45, 16, n), 18, 86).astype(np.int64)
    employment = _employment(rng, age)
    income = _income(rng, age, employment)
    balance = np.round(income * 0.11 * np.exp(rng.normal(0, 0.9, n)), 2)
    mood, digital = rng.standard_normal(n), rng.standard_normal(n) - (age - 45) / 25
    opened = _opening_days(rng, n)
    return People(
        age=age,
        income=income,
        balance=balance,
        segment=(income * np.exp(rng.normal(0, 0.15, n)) > 58).astype(np.int64) + (income + 3 * balance > 130),
        employment=employment,
        owner=rng.random(n) < np.clip((age - 24) / 60, 0, 0.55) + np.clip((income - 30) / 150, 0, 0.35),
        children=rng.poisson(np.where((age > 28) & (age < 58), 0.9, 0.15)),
        trips=rng.poisson(1.2 + income / 45),
        city=rng.integers(0, len(CITIES), n),
        preferred=_preferred(rng, digital, age),
        mood=mood,
        activity=np.exp(rng.normal(-0.125, 0.5, n)),
        digital=digital,
        taste=np.exp(rng.normal(-(TASTE_SPREAD**2) / 2, TASTE_SPREAD, (n, len(ACTIONS)))),
        seen_from=np.where(np.isinf(opened), rng.uniform(0, DAYS - 20, n), np.maximum(opened - 40, 0)),
        opened=opened,
        closed=_closing_days(rng, opened, mood),
    )


def _employment(rng: np.random.Generator, age: Ints) -> Ints:
    chance = rng.random(len(age))
    young, old = (age < 26) & (chance < 0.55), age > 65
    return np.select([young, old, chance > 0.87], [2, 3, 1], 0).astype(np.int64)


def _income(rng: np.random.Generator, age: Ints, employment: Ints) -> Floats:
    middle = np.array([40.0, 47.0, 12.0, 27.0])[employment] * np.clip(0.75 + (age - 22) / 70, 0.75, 1.25)
    income: Floats = np.round(middle * np.exp(rng.normal(0, 0.42, len(age))), 1)
    return income


def _preferred(rng: np.random.Generator, digital: Floats, age: Ints) -> Ints:
    weights = np.stack([np.full(len(age), 1.0), np.exp(digital), np.full(len(age), 0.8), np.exp((age - 58) / 14)], 1)
    cumulative = np.cumsum(weights / weights.sum(axis=1, keepdims=True), axis=1)
    stated = (rng.random((len(age), 1)) > cumulative[:, :3]).sum(axis=1)
    return np.where(rng.random(len(age)) < 0.35, -1, stated).astype(np.int64)


def _opening_days(rng: np.random.Generator, n: int) -> Floats:
    kind, before = rng.random(n), -rng.exponential(900, n) - 1
    return np.select([kind < 0.80, kind < 0.97], [before, rng.uniform(8, DAYS - 15, n)], np.inf)


def _closing_days(rng: np.random.Generator, opened: Floats, mood: Floats) -> Floats:
    hazard = 0.00020 * np.exp(-0.8 * mood)
    closed: Floats = np.maximum(opened, 0) + 20 + rng.exponential(1 / hazard)
    return np.where(closed < DAYS, closed, np.inf)
