"""Wanting something: episodes in which a person looks at one product again and again, and may buy it."""

from dataclasses import dataclass

import numpy as np

from bankworld.business import PRODUCTS
from bankworld.chance import stream
from bankworld.people import Flags, Floats, Ints, People
from bankworld.spans import Spans
from bankworld.timeline import DAYS

EPISODES_PER_YEAR = 6.0
_N = len(PRODUCTS)


@dataclass(frozen=True, slots=True)
class Interest:
    """Episodes of interest, sorted by (person, product, begin); `spans.owner` is person × n_products + product."""

    spans: Spans

    @property
    def person(self) -> Ints:
        """Whose episode it is."""
        return self.spans.owner // _N

    @property
    def product(self) -> Ints:
        """The index of what is wanted."""
        return self.spans.owner % _N

    def age(self, person: Ints, day: Floats) -> Floats:
        """Days since the interest in each product began, (n, n_products); NaN where there is none."""
        ages = np.full((len(person), _N), np.nan)
        for product in range(_N):
            found = self.spans.going_on(person * _N + product, day)
            ages[:, product] = np.where(found >= 0, day - self.spans.begin[np.maximum(found, 0)], np.nan)
        return ages


def affinity(people: People) -> Floats:
    """How much each product suits each person, (n, n_products); rows sum to 1."""
    age, income, seg = people.age, people.income, people.segment
    weights = np.stack(
        [
            np.full(len(people), 1.6),
            np.where(age < 40, 1.6, 0.6),
            np.where((age < 55) & (income < 60), 1.4, 0.4),
            np.where((age > 26) & (age < 50) & ~people.owner, 1.0 + income / 60, 0.1),
            0.4 + 0.35 * people.trips,
            np.where(people.owner, 1.8, 0.1),
            0.2 + 1.3 * seg,
            np.where(people.balance < 3, 1.2, 0.2),
        ],
        axis=1,
    )
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def draw_interest(people: People, held: Flags, seed: int) -> Interest:
    """Draw every episode of the year; nobody wants what they hold already (`held`, (n, n_products))."""
    rng = stream(seed, "interest")
    seen_days = np.maximum(DAYS - people.seen_from, 0)
    n_episodes = rng.poisson(EPISODES_PER_YEAR * people.activity * seen_days / DAYS)
    person = np.repeat(np.arange(len(people)), n_episodes)
    cumulative = np.cumsum(affinity(people), axis=1)[person]
    product = np.minimum((rng.random((len(person), 1)) > cumulative).sum(axis=1), _N - 1)
    begin = people.seen_from[person] + rng.random(len(person)) * seen_days[person]
    length = rng.uniform(9, 30, len(person))
    keep = ~held[person, product]
    spans, _ = Spans.of((person * _N + product)[keep], begin[keep], (begin + length)[keep])
    return Interest(spans)
