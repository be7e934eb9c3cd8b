"""Four actions of which three follow one law, and the last, where it is asked to, a law of its own."""

import numpy as np
from response_world import a_log

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
    features = {f"x{place}": x[:, place] for place in range(N_FEATURES)}
    reward = converted.sum(axis=1).astype(np.float64)
    return a_log((*NAMES, NO_ACTION), chosen=chosen, converted=converted, reward=reward, features=features)
