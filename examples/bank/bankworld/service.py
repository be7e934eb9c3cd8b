"""When things go wrong and what people say of it: tickets, surveys, conversations with sales."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bankworld.chance import stream
from bankworld.people import Flags, Floats, Ints, People
from bankworld.spans import Spans
from bankworld.timeline import DAYS

TOPICS = ("fees", "card", "online_banking", "advice")
SEVERITIES = ("low", "serious")
TICKETS_PER_YEAR = 1.1


@dataclass(frozen=True, slots=True)
class Tickets:
    """Tickets sorted by (person, opened); they end when the back office solves them, if nobody is faster."""

    spans: Spans
    serious: Flags
    topic: Ints


def draw_tickets(people: People, seed: int) -> Tickets:
    """Draw the year's tickets; discontent people open more, and more serious ones."""
    rng = stream(seed, "tickets")
    person, begin = _moments(rng, people, TICKETS_PER_YEAR * np.exp(-0.3 * people.mood))
    serious = rng.random(len(person)) < np.where(people.mood[person] < 0, 0.5, 0.3)
    length = np.exp(rng.normal(0, 0.5, len(person))) * np.where(serious, 20, 8)
    topic = np.where(
        rng.random(len(person)) < np.where(people.mood[person] < 0, 0.5, 0.2), 0, rng.integers(1, 4, len(person))
    )
    spans, order = Spans.of(person, begin, begin + length)
    return Tickets(spans, serious[order], topic[order])


def leave_after_tickets(people: People, tickets: Tickets, seed: int) -> People:
    """Some who had a serious ticket close their account soon after."""
    rng = stream(seed, "leaving")
    person, n = tickets.spans.owner, len(tickets.spans)
    chance = np.where(tickets.serious, np.where(people.mood[person] < 0, 0.10, 0.03), 0.0)
    leaves = rng.random(n) < chance
    day = np.where(leaves, tickets.spans.begin + rng.uniform(4, 35, n), np.inf)
    closed = people.closed.copy()
    np.minimum.at(closed, person, np.where(day < DAYS, day, np.inf))
    return replace(people, closed=closed)


@dataclass(frozen=True, slots=True)
class Surveys:
    """Answers to "would you recommend us", 0 to 10."""

    person: Ints
    day: Floats
    nps: Ints


def draw_surveys(people: People, seed: int) -> Surveys:
    """Draw the year's answers; they show the mood, with noise."""
    rng = stream(seed, "surveys")
    person, day = _moments(rng, people, np.full(len(people), 2.4))
    nps = np.clip(np.round(7.2 + 1.9 * people.mood[person] + rng.normal(0, 0.6, len(person))), 0, 10)
    return Surveys(person, day, nps.astype(np.int64))


def draw_sales(people: People, seed: int) -> Spans:
    """Conversations with a salesperson, by person."""
    rng = stream(seed, "sales")
    person, begin = _moments(rng, people, 0.12 + 0.12 * people.segment)
    return Spans.of(person, begin, begin + rng.uniform(3, 16, len(person)))[0]


def _moments(rng: np.random.Generator, people: People, per_year: NDArray[np.floating[Any]]) -> tuple[Ints, Floats]:
    first = np.clip(people.opened, 0, DAYS)
    person = np.repeat(np.arange(len(people)), rng.poisson(per_year * (DAYS - first) / DAYS))
    return person, first[person] + rng.random(len(person)) * (DAYS - first[person])
