"""Generated logs of randomised decisions whose truth is known."""

import numpy as np
import pandas as pd

from training.reward_log import LoggedRewards
from training.uplift.lesson import Lesson

ACTIONS = ("call", "card", "mail")


def truth(matrix: np.ndarray, strength: float) -> np.ndarray:
    """Mean reward of every action (n, 3): the card is best on average, the call for some, the mail for others."""
    some, others = matrix[:, 0] > 0.3, matrix[:, 1] > 0.5
    return 3 + np.column_stack([strength * (2 * some - 1), np.full(len(matrix), 0.4), strength * (2 * others - 1.2)])


def a_log(seed: int, *, n: int = 4000, strength: float = 1.0) -> tuple[Lesson, LoggedRewards, np.ndarray]:
    """A log (probabilities depend on the context), in both views, and the truth."""
    generator = np.random.default_rng(seed)
    matrix = generator.normal(size=(n, 4))
    tilt = np.exp(0.5 * matrix[:, :3])
    probability = tilt / tilt.sum(axis=1, keepdims=True)
    chosen = (probability.cumsum(axis=1) < generator.random((n, 1))).sum(axis=1).clip(max=2)
    mean = truth(matrix, strength)
    reward = mean[np.arange(n), chosen] + generator.normal(size=n)
    customer = generator.integers(0, n // 2, size=n)
    log = LoggedRewards(ACTIONS, customer, chosen, probability, reward, reward)
    return Lesson(matrix, [], chosen, probability, reward, customer), log, mean


def a_table(seed: int, *, n: int = 4000, strength: float = 1.0) -> pd.DataFrame:
    """The same log as a table."""
    lesson, log, _ = a_log(seed, n=n, strength=strength)
    context = {f"x{column}": lesson.matrix[:, column] for column in range(4)}
    return pd.DataFrame(
        {
            "customer": [f"c{number}" for number in log.customer_id],
            "action": np.array(ACTIONS, dtype=object)[log.chosen],
            "p": log.eligible_probability[np.arange(n), log.chosen],
            "money": log.reward,
            **context,
        }
    )
