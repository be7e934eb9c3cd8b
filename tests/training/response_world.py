"""A small business whose response function is known: two actions to show, one of them a sleeping dog for half."""

from dataclasses import dataclass

import numpy as np

from decisioning.action import NO_ACTION
from training.dataset import DecisionLogFrame
from training.encoding import ActionEntry, ActionTable, FeatureColumn, FeatureEncoder, Layout
from training.logistic import sigmoid

ACTIONS = ("card", "dog", NO_ACTION)
N_FEATURES = 6


def a_layout() -> Layout:
    numbers = tuple(FeatureColumn(f"x{i}") for i in range(N_FEATURES))
    columns = (*numbers, FeatureColumn("segment", "category", ("mass", "private")))
    entries = (
        ActionEntry("card", "banner", "grow", "cards", "web", 50.0, 0.0, True, 0.05, 100.0),
        ActionEntry("dog", "banner", "grow", "loans", "web", 80.0, 0.1, True, 0.05, 100.0),
    )
    return Layout(FeatureEncoder(columns), ActionTable(entries))


@dataclass(frozen=True)
class Truth:
    not_shown: np.ndarray
    shown: np.ndarray


def truth_of(x: np.ndarray) -> Truth:
    quiet = np.column_stack([-2.5 + 0.5 * x[:, 0], -2.0 + 0.5 * x[:, 1]])
    effect = np.column_stack([np.where(x[:, 2] > 0, 1.5, 0.0), np.where(x[:, 3] > 0, 1.5, -1.5)])
    return Truth(sigmoid(quiet), sigmoid(quiet + effect))


def a_frame(n: int = 6000, seed: int = 1) -> DecisionLogFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, N_FEATURES))
    chosen = rng.integers(0, 3, n)
    truth = truth_of(x)
    p = np.where(np.arange(2) == chosen[:, None], truth.shown, truth.not_shown)
    converted = np.hstack([rng.random((n, 2)) < p, np.zeros((n, 1), dtype=bool)])
    reward = converted[:, :2] @ np.array([50.0, 80.0]) - 0.1 * (chosen == 1)
    words = rng.choice(["mass", "private", None], n)
    features = {f"x{i}": x[:, i] for i in range(N_FEATURES)} | {"segment": words}
    return a_log(ACTIONS, chosen=chosen, converted=converted, reward=reward, features=features)


def a_log(actions, *, chosen, converted, reward, features) -> DecisionLogFrame:
    """One web placement, a decision a second, two for each customer, every action as likely; the last is doing nothing.

    Parameters: `chosen` (n,) columns, `converted` (n, n_actions), `reward` (n,), `features` by name.
    """
    n, k = converted.shape
    rows = np.arange(n)
    return DecisionLogFrame(
        actions=actions,
        decision_id=np.array([f"d{row}" for row in rows], dtype=object),
        customer_id=np.array([f"c{row % (n // 2)}" for row in rows], dtype=object),
        decided_us=rows * 1_000_000,
        ends_us=rows * 1_000_000 + 10,
        channel=np.full(n, "web", dtype=object),
        placement=np.full(n, "home", dtype=object),
        arm=np.full(n, "nba", dtype=object),
        treatment=np.where(chosen < k - 1, "banner", "").astype(object),
        chosen=chosen,
        shown=chosen < k - 1,
        reward=reward,
        capped_reward=np.minimum(reward, 200.0),
        accepted=converted[rows, chosen],
        eligible_probability=np.full((n, k), 1 / k),
        listed=np.arange(k) == chosen[:, None],
        converted=converted,
        features=features,
    )
