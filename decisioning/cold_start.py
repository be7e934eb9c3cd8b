"""Before the first bundle: what the catalogue itself says of each action."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from decisioning.customer import FeatureValue
from decisioning.ports import Candidate, Scores


class CatalogScorer:
    """Scores every candidate by its action's stated starting propensity; there is no evidence of uplift."""

    version = "none"
    is_bounded = True

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:  # noqa: ARG002 (the port's signature)
        """The starting propensities, shape (n_candidates,); uplift is NaN."""
        propensity = np.array([each.action.starting_propensity for each in candidates], dtype=np.float64)
        return Scores(propensity, np.full(len(candidates), np.nan), randomised=False)

    def encode(self, features: Mapping[str, Sequence[object]], *, n_rows: int) -> NDArray[np.float64]:  # noqa: ARG002 (as a bundle's)
        """No feature matters: a matrix without columns."""
        return np.zeros((n_rows, 0))

    def score_matrix(self, customers: NDArray[np.float64], candidates: Sequence[Candidate]) -> Scores:
        """The same for n customers; arrays of shape (n, n_candidates)."""
        one, shape = self.score({}, candidates), (len(customers), len(candidates))
        return Scores(np.broadcast_to(one.propensity, shape), np.broadcast_to(one.uplift, shape), randomised=False)

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:  # noqa: ARG002 (the port's signature)
        """Nothing moved it: the propensity is the catalogue's."""
        return ()
