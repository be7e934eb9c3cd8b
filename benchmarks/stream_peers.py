"""Published learners on the bank's stream, where they are installed: Vowpal Wabbit and MABWiser.

They get what is known of a customer (what is not known is 0, which is the mean), and are told money: either all that
the decision brought, or what the shown action brought. Their settings are their own defaults.
"""

from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.stream_world import Choices, Customers, Shop
from training.encoding import Floats

BATCH = 100
"""Rounds after which LinTS learns."""


def told(customers: Customers, place: int, chosen: int, *, own: bool) -> float:
    """The money (a share of the greatest value) that a peer is told: of the decision, or of what was shown."""
    converted = customers.converted(place, chosen)
    money = customers.values * converted
    earned = money[chosen : chosen + 1].sum() if own else money.sum()
    return float(earned / customers.values.max())


class LinTS:
    """MABWiser's LinTS, in batches. Parameters: `own`, as `told`."""

    def __init__(self, shop: Shop, *, own: bool) -> None:
        mab: Any = import_module("mabwiser.mab")
        self._arms, self._own = list(range(len(shop.actions))), own
        self._learner = mab.MAB(self._arms, mab.LearningPolicy.LinTS(), seed=7)

    def play(self, customers: Customers) -> Choices:
        """A batch of choices at a time; the first are made at random."""
        chosen = np.random.default_rng(7).integers(0, len(self._arms), len(customers))
        rows = filled(customers.seen)
        for start in range(0, len(rows), BATCH):
            batch = slice(start, start + BATCH)
            if start:
                chosen[batch] = self._learner.predict(rows[batch])
            rewards = [told(customers, start + at, each, own=self._own) for at, each in enumerate(chosen[batch])]
            learn = self._learner.partial_fit if start else self._learner.fit
            learn(chosen[batch].tolist(), rewards, rows[batch])
        return chosen

    def best(self, customers: Customers) -> Choices:
        """By the means of the coefficients."""
        beta = np.array([self._learner._imp.arm_to_model[arm].beta for arm in self._arms])
        return np.asarray((filled(customers.seen) @ beta.T).argmax(axis=1))


class SquareCB:
    """Vowpal Wabbit's `--cb_explore_adf --squarecb`. Parameters: `own`, as `told`."""

    def __init__(self, shop: Shop, *, own: bool) -> None:
        vw: Any = import_module("vowpalwabbit")
        self._lines, self._own = [f"|A {action}" for action in shop.actions], own
        self._learner = vw.Workspace("--cb_explore_adf --squarecb -q SA --quiet --random_seed 7")
        self._random = np.random.default_rng(7)

    def play(self, customers: Customers) -> Choices:
        """Predict, draw, learn: one after another."""
        chosen = np.empty(len(customers), dtype=np.int64)
        luck = self._random.random(len(customers))
        for place, row in enumerate(filled(customers.seen)):
            shared = _shared(row)
            chance = np.array(self._learner.predict([shared, *self._lines]))
            drawn = int(min(np.searchsorted(np.cumsum(chance / chance.sum()), luck[place]), len(chance) - 1))
            cost = -told(customers, place, drawn, own=self._own)
            lines = list(self._lines)
            lines[drawn] = f"0:{cost:.5f}:{chance[drawn]:.6f} {lines[drawn]}"
            self._learner.learn([shared, *lines])
            chosen[place] = drawn
        return chosen

    def best(self, customers: Customers) -> Choices:
        """What it finds most probable."""
        rows = filled(customers.seen)
        return np.array([np.argmax(self._learner.predict([_shared(row), *self._lines])) for row in rows])


def filled(seen: Floats) -> Floats:
    """Rows with 1 before them, and 0 for what is not known."""
    return np.hstack([np.ones((len(seen), 1)), np.nan_to_num(seen)])


def _shared(row: Floats) -> str:
    return "shared |S " + " ".join(f"f{place}:{value:.5f}" for place, value in enumerate(row.tolist()[1:]))
