"""q̂(x, a): what reward a context and an action lead to, for the doubly robust estimator and nothing else.

One pooled regression over all actions, the action a categorical column beside the features, so that actions with
little evidence borrow from the others. It learns capped rewards: a few huge ones would drown it. It must know nothing
of the candidate that it helps to judge, and no reward of a customer whose decisions it is asked about: fit it on the
training part, or cross-fit it by customer (`cross_fitted`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decisioning.errors import InvalidInputError
from training.encoding import Matrix
from training.reward_log import Floats

ROUNDS = 150
BLOCK = 16_384
"""Decisions that are asked about at once; it bounds memory."""
PARAMETERS: dict[str, Any] = {
    "objective": "regression",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 50,
    "lambda_l2": 5.0,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_bin": 63,
    "cat_smooth": 20.0,
    "verbosity": -1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
}
"""Fixed beforehand, tuned on nothing: a nuisance that is tuned per candidate is no longer independent of it."""


@dataclass(frozen=True, slots=True)
class RewardModel:
    """A fitted q̂.

    Parameters: `booster`, LightGBM's; `n_actions`, how many columns `predict` gives.
    """

    booster: Any
    n_actions: int

    def predict(self, features: Floats) -> Floats:
        """Expected rewards of every action: features (n, n_features) to (n, n_actions)."""
        blocks = [features[start : start + BLOCK] for start in range(0, max(len(features), 1), BLOCK)]
        return np.concatenate([self._of_block(block) for block in blocks])

    def _of_block(self, features: Floats) -> Floats:
        rows, out = with_action(features, 0), np.empty((len(features), self.n_actions))
        for action in range(self.n_actions):
            rows[:, -1] = action
            out[:, action] = self.booster.predict(rows, num_threads=1)
        return out


def fit_reward_model(
    features: Floats, chosen: NDArray[Any], reward: Floats, *, n_actions: int, seed: int
) -> RewardModel:
    """Fit q̂ on logged decisions.

    Parameters: `features` (n, n_features), NaN where not known; `chosen` (n,), columns; `reward` (n,), capped.
    Raises `InvalidInputError` of an empty log.
    """
    import lightgbm

    if not len(chosen):
        raise InvalidInputError("a reward model needs decisions to learn from, given none")
    parameters = PARAMETERS | {"seed": seed}
    data = lightgbm.Dataset(
        with_action(features, chosen), label=reward, categorical_feature=[features.shape[1]], params=parameters
    )
    return RewardModel(lightgbm.train(parameters, data, num_boost_round=ROUNDS), n_actions)


def cross_fitted(
    features: Floats,
    chosen: NDArray[Any],
    reward: Floats,
    *,
    customers: NDArray[Any],
    n_actions: int,
    seed: int,
    folds: int = 3,
) -> Floats:
    """q̂ (n, n_actions) of every decision from models that saw no decision of its customer."""
    fold = customer_folds(customers, folds=folds, generator=np.random.default_rng(seed))
    q_hat = np.empty((len(chosen), n_actions))
    for held_out in (fold == number for number in range(folds)):
        rest = ~held_out
        model = fit_reward_model(features[rest], chosen[rest], reward[rest], n_actions=n_actions, seed=seed)
        q_hat[held_out] = model.predict(features[held_out])
    return q_hat


def customer_folds(customers: NDArray[Any], *, folds: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """The fold of every decision (n,), the same for all decisions of a customer.

    Raises `InvalidInputError` where there are fewer customers than folds.
    """
    names, owner = np.unique(customers, return_inverse=True)
    if len(names) < folds:
        of = "decisions of 1 customer" if len(names) == 1 else f"decisions of {len(names)} customers"
        needed = f"at least {folds} are needed, for what one earns is expected by what others earned"
        raise InvalidInputError(f"too little data: {of}; {needed}", code="too_little_data")
    of_customer: NDArray[np.int64] = generator.permutation(len(names)) % folds
    return of_customer[owner]


def with_action(features: Matrix, action: Any) -> Floats:
    """The features (n, n_features) with one more column: the code of an action, or of each row's (n,)."""
    return np.column_stack([features, np.broadcast_to(np.asarray(action, dtype=np.float64), len(features))])
