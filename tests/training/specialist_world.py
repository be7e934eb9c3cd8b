"""Four actions of which three follow one law, and the last, where it is asked to, a law of its own."""

import numpy as np

from decisioning.action import NO_ACTION
from training.dataset import DecisionLogFrame
from training.encoding import ActionEntry, ActionTable, FeatureColumn, FeatureEncoder, Layout
from training.logistic import sigmoid

NAMES = ("alike", "same", "similar", "odd")
N_FEATURES = 6


def a_layout() -> Layout:
    columns = tuple(FeatureColumn(f"x{place}") for place in range(N_FEATURES))
    entries = (ActionEntry(name, "banner", "grow", "all", "web", 50.0, 0.0, True, 0.1, 50.0) for name in NAMES)
    return Layout(FeatureEncoder(columns), ActionTable(tuple(entries)))


def a_frame(seed: int, *, n: int, odd: bool) -> DecisionLogFrame:
    chance, k = np.random.default_rng(seed), len(NAMES)
    x, chosen = chance.normal(size=(n, N_FEATURES)), chance.integers(0, k + 1, n)
    quiet = np.repeat(-2.0 + 0.3 * x[:, [0]], k, axis=1)
    effect = np.repeat(0.5 + 1.0 * x[:, [1]], k, axis=1)
    if odd:
        corner = (x[:, 3] > 0) & (x[:, 4] > 0)
        effect[:, -1] = np.where(np.abs(x[:, 2]) < 0.7, 2.0, -1.5) + np.where(corner, 2.5, -0.8)
    shown = np.arange(k) == chosen[:, None]
    converted = np.hstack([chance.random((n, k)) < sigmoid(quiet + shown * effect), np.zeros((n, 1), dtype=bool)])
    rows = np.arange(n)
    reward = converted.sum(axis=1).astype(np.float64)
    return DecisionLogFrame(
        actions=(*NAMES, NO_ACTION),
        decision_id=np.array([f"d{row}" for row in rows], dtype=object),
        customer_id=np.array([f"c{row % (n // 2)}" for row in rows], dtype=object),
        decided_us=rows * 1_000_000,
        ends_us=rows * 1_000_000 + 10,
        channel=np.full(n, "web", dtype=object),
        placement=np.full(n, "home", dtype=object),
        arm=np.full(n, "nba", dtype=object),
        treatment=np.where(chosen < k, "banner", "").astype(object),
        chosen=chosen,
        shown=chosen < k,
        reward=reward,
        capped_reward=reward,
        accepted=converted[rows, chosen],
        eligible_probability=np.full((n, k + 1), 1 / (k + 1)),
        listed=np.arange(k + 1) == chosen[:, None],
        converted=converted,
        features={f"x{place}": x[:, place] for place in range(N_FEATURES)},
    )
