"""A generated business for learning online: ten actions whose acceptance depends on sparse, nonlinear effects.

Twenty features, 12 normal and 8 Bernoulli(0.3). The log-odds of each action are a level of its own, three linear
effects, two products of two features and two thresholds. Level and scale of all effects are then set so that a uniform
policy earns 3 % and the best possible one between 8 and 11 %, drawn by the seed.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.encoding import Floats

N_ACTIONS, N_NORMAL, N_BINARY = 10, 12, 8
N_FEATURES = N_NORMAL + N_BINARY
UNIFORM = 0.03
ORACLE = (0.08, 0.11)
N_SET = 10_000
"""Customers that level and scale are set on."""


@dataclass(frozen=True, slots=True)
class Effects:
    """Effects on raw log-odds: `levels` (10,), `linear` (10, 20); two products and two steps per action."""

    levels: Floats
    linear: Floats
    pairs: NDArray[np.intp]
    pair_sizes: Floats
    steps: NDArray[np.intp]
    step_places: Floats
    step_sizes: Floats

    @classmethod
    def create(cls, generator: np.random.Generator) -> "Effects":
        """Draw the effects of every action."""
        linear = np.zeros((N_ACTIONS, N_FEATURES))
        for action in range(N_ACTIONS):
            linear[action, generator.choice(N_FEATURES, 3, replace=False)] = generator.normal(size=3)
        two = [[generator.choice(N_FEATURES, 2, replace=False) for _ in range(2)] for _ in range(N_ACTIONS)]
        return cls(
            levels=generator.normal(0, 0.9, N_ACTIONS),
            linear=linear,
            pairs=np.array(two),
            pair_sizes=generator.normal(size=(N_ACTIONS, 2)),
            steps=generator.integers(0, N_NORMAL, (N_ACTIONS, 2)),
            step_places=generator.normal(0, 0.7, (N_ACTIONS, 2)),
            step_sizes=generator.normal(0, 1.5, (N_ACTIONS, 2)),
        )

    def raw(self, context: Floats) -> Floats:
        """Raw log-odds (n, 10) of contexts (n, 20)."""
        products = context[:, self.pairs[..., 0]] * context[:, self.pairs[..., 1]]
        passed = context[:, self.steps] > self.step_places
        bent = (products * self.pair_sizes).sum(axis=2) + (passed * self.step_sizes).sum(axis=2)
        total: Floats = self.levels + context @ self.linear.T + bent
        return total


@dataclass(frozen=True, slots=True)
class OnlineWorld:
    """The world of one seed; see `create`."""

    effects: Effects
    level: float
    scale: float

    @classmethod
    def create(cls, seed: int) -> "OnlineWorld":
        """Draw the effects, then set level and scale."""
        generator = np.random.default_rng([seed, 1])
        effects = Effects.create(generator)
        raw = effects.raw(contexts(np.random.default_rng([seed, 2]), N_SET))
        level, scale = _set(raw, oracle=generator.uniform(*ORACLE))
        return cls(effects, level, scale)

    def acceptance(self, context: Floats) -> Floats:
        """P(accepts) of every action, (n, 10)."""
        return expit(self.scale * self.effects.raw(context) + self.level)


def contexts(generator: np.random.Generator, n: int) -> Floats:
    """Customers (n, 20): 12 normal features, 8 that are 1 with probability 0.3."""
    return np.hstack([generator.normal(size=(n, N_NORMAL)), (generator.random((n, N_BINARY)) < 0.3).astype(float)])


def expit(log_odds: Floats) -> Floats:
    """Log-odds as probabilities."""
    probability: Floats = 1.0 / (1.0 + np.exp(-log_odds))
    return probability


def _set(raw: Floats, *, oracle: float) -> tuple[float, float]:
    """The level and scale at which the uniform policy earns `UNIFORM` and the best possible one `oracle`."""
    low, high = 0.0, 3.0
    for _ in range(20):
        scale = (low + high) / 2
        level = _level(scale * raw)
        low, high = (low, scale) if expit(scale * raw + level).max(axis=1).mean() > oracle else (scale, high)
    return level, scale


def _level(log_odds: Floats) -> float:
    low, high = -20.0, 5.0
    for _ in range(30):
        level = (low + high) / 2
        low, high = (low, level) if expit(log_odds + level).mean() > UNIFORM else (level, high)
    return level
