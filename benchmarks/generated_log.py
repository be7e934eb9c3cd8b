"""A generated decision log: uniformly random choices whose response depends on a few features, with missing values."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisioning.action import NO_ACTION, Treatment
from decisioning.catalog import Catalog
from training.dataset import DecisionLogFrame
from training.encoding import FeatureColumn, Floats
from training.logistic import sigmoid

MISSING = 0.15
MATTER = 5
"""How many features move each action's response."""
BLOCK = 100_000
"""Decisions whose features are looked at together: of millions no second copy is held."""


def generated_log(
    catalog: Catalog,
    columns: Sequence[FeatureColumn],
    *,
    placement: str,
    n: int,
    n_customers: int | None = None,
    seed: int = 1,
) -> DecisionLogFrame:
    """Decisions at one placement, a minute apart: every fitting action, or none, equally likely.

    Parameters: `n_customers`, whose decisions they are (by default, each has about four).
    """
    rng = np.random.default_rng(seed)
    slot = catalog.placements[placement]
    treatments = {
        name: action.treatments[place].name
        for name, action in catalog.actions.items()
        for place in [_fitting(action.treatments, slot.channel, placement)]
        if place is not None
    }
    actions = (*treatments, NO_ACTION)
    x = _normal(rng, n, len(columns))
    shown_chance, quiet_chance = chances(x, len(treatments), rng)
    chosen = rng.integers(0, len(actions), n)
    taken = np.arange(len(treatments)) == chosen[:, None]
    converted = np.hstack(
        [rng.random(taken.shape) < np.where(taken, shown_chance, quiet_chance), np.zeros((n, 1), bool)]
    )
    reward = converted[:, :-1] @ np.array([catalog.actions[name].value for name in treatments])
    return DecisionLogFrame(
        actions=actions,
        decision_id=_names("d_", np.arange(n)),
        customer_id=_names("c_", rng.integers(0, n_customers or max(n // 4, 1), n)),
        decided_us=np.arange(n) * 60_000_000,
        ends_us=np.arange(n) * 60_000_000 + 1,
        channel=np.full(n, slot.channel, dtype=object),
        placement=np.full(n, placement, dtype=object),
        arm=np.full(n, "nba", dtype=object),
        treatment=np.array([*treatments.values(), ""], dtype=object)[chosen],
        chosen=chosen,
        shown=chosen < len(treatments),
        reward=reward,
        capped_reward=np.minimum(reward, 200.0),
        accepted=converted[np.arange(n), chosen],
        eligible_probability=np.full((n, len(actions)), 1 / len(actions)),
        listed=np.arange(len(actions)) == chosen[:, None],
        converted=converted,
        features={column.name: _values(column, x[:, place], rng) for place, column in enumerate(columns)},
    )


def _fitting(treatments: Sequence[Treatment], channel: str, placement: str) -> int | None:
    fits = (each.fits(channel=channel, placement=placement) for each in treatments)
    return next((place for place, fit in enumerate(fits) if fit), None)


def chances(x: Floats, n_actions: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """P(converts | shown) and P(converts | not shown), each (n, n_actions), of features (n, n_features)."""
    quiet, lift = np.zeros((2, x.shape[1], n_actions))
    for action in range(n_actions):
        quiet[rng.choice(len(quiet), MATTER), action] = rng.normal(0, 0.4, MATTER)
        lift[rng.choice(len(lift), MATTER), action] = rng.normal(0, 0.6, MATTER)
    blocks = (x[start : start + BLOCK] for start in range(0, len(x), BLOCK))
    parts = [(-3.0 + block @ quiet, np.maximum(block, 0) @ lift) for block in blocks]
    baseline, lifted = (np.concatenate(each) for each in zip(*parts, strict=True))
    return sigmoid(baseline + 0.8 + lifted), sigmoid(baseline)


def _normal(rng: np.random.Generator, n: int, n_columns: int) -> Floats:
    """Numbers (n, n_columns) that lie column by column: each becomes a feature where it lies."""
    x = np.empty((n, n_columns), order="F")
    for start in range(0, n, BLOCK):
        x[start : start + BLOCK] = rng.normal(size=(min(BLOCK, n - start), n_columns))
    return x


def _names(prefix: str, numbers: NDArray[np.int64]) -> NDArray[np.object_]:
    return np.array([f"{prefix}{number}" for number in numbers], dtype=object)


def _values(column: FeatureColumn, x: Floats, rng: np.random.Generator) -> NDArray[Any]:
    """A feature's column: numbers with gaps (where they lay), or words that rise with the number below them."""
    missing = rng.random(len(x)) < MISSING
    if column.kind == "number":
        x[missing] = np.nan
        return x
    words = np.array(column.categories, dtype=object)
    place = (sigmoid(x) * len(words)).astype(int).clip(max=len(words) - 1)
    words_with_gaps: NDArray[np.object_] = words[place]
    words_with_gaps[missing] = None
    return words_with_gaps
