"""What another policy would have earned from whole rankings, where each place is rewarded by itself.

A ranking of L places has a probability for each place given the places above it. Three estimators differ in how far a
place's reward may depend on the others; the less it may, the narrower they are:

- `standard_ips`, on the whole ranking: weights multiply over all places;
- `cascade_ips`, on the places above (customers read downwards): weights multiply from the top to the place
  (McInerney et al.: Counterfactual evaluation of slate recommendations with sequential reward interactions, 2020);
- `independent_ips`, on the place alone: the weight is the ratio of the marginal probabilities of that action at that
  place (Li et al.: Offline evaluation of ranking policies with click models, 2018).

`position_weights` says what each place's reward counts, such as the chance that it is looked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from decisioning.errors import InvalidInputError
from training.moments import Moments
from training.reward_log import Floats


@dataclass(frozen=True, slots=True)
class RankingTerms:
    """n rankings of up to L places; arrays (n, L), NaN below the last place of a shorter ranking.

    Parameters: `reward` of each place; `logged` and `target`, P(its action at that place | the places above) under
    either policy; `logged_marginal` and `target_marginal`, P(its action at that place); `position_weights` (L,).
    Raises `InvalidInputError` where shapes differ, or a logged probability is not above 0.
    """

    reward: Floats
    logged: Floats
    target: Floats
    logged_marginal: Floats
    target_marginal: Floats
    position_weights: Floats | None = None

    def __post_init__(self) -> None:
        """Refuse what no estimator can use."""
        for name in ("logged", "target", "logged_marginal", "target_marginal"):
            found = getattr(self, name)
            if found.shape != self.reward.shape:
                raise InvalidInputError(f"{name} has shape {found.shape}, the rewards {self.reward.shape}", field=name)
            if name.startswith("logged") and (found[self.filled] <= 0).any():
                raise InvalidInputError(
                    f"{name} is not above 0 for an action that was shown", code="unusable_log", field=name
                )

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Which places hold an action, (n, L)."""
        return np.isfinite(self.reward)

    @property
    def value_of_places(self) -> Floats:
        """Each place's reward, weighted; 0 where there is none."""
        weights = np.ones(self.reward.shape[1]) if self.position_weights is None else self.position_weights
        return np.where(self.filled, self.reward, 0.0) * weights

    def ratio(self, *, marginal: bool) -> Floats:
        """Target over logged probability of each place; 1 where there is none."""
        above, below = (self.target_marginal, self.logged_marginal) if marginal else (self.target, self.logged)
        found: Floats = np.divide(above, below, out=np.ones_like(above), where=self.filled)
        return found

    def whole(self) -> Floats:
        """Each ranking's weighted reward (n,), weighed as a whole."""
        return np.asarray(self.ratio(marginal=False).prod(axis=1) * self.value_of_places.sum(axis=1))

    def downwards(self) -> Floats:
        """The same, each place weighed with those above it."""
        return np.asarray((self.ratio(marginal=False).cumprod(axis=1) * self.value_of_places).sum(axis=1))

    def alone(self) -> Floats:
        """The same, each place weighed by itself."""
        return np.asarray((self.ratio(marginal=True) * self.value_of_places).sum(axis=1))


def standard_ips(terms: RankingTerms) -> Moments:
    """The whole ranking must be as the target would have it."""
    return Moments.of(terms.whole())


def cascade_ips(terms: RankingTerms) -> Moments:
    """Each place and all above it must be as the target would have them."""
    return Moments.of(terms.downwards())


def independent_ips(terms: RankingTerms) -> Moments:
    """Each place must be as the target would have it."""
    return Moments.of(terms.alone())


RANKING_ESTIMATORS: Mapping[str, Callable[[RankingTerms], Moments]] = {
    "standard_ips": standard_ips,
    "cascade_ips": cascade_ips,
    "independent_ips": independent_ips,
}
"""Every estimator of rankings by name; each merges as its moments do."""
RANKING_VALUES: Mapping[str, Callable[[RankingTerms], Floats]] = {
    "standard_ips": RankingTerms.whole,
    "cascade_ips": RankingTerms.downwards,
    "independent_ips": RankingTerms.alone,
}
"""Of what each is the mean, (n,)."""
