"""Before the first bundle: what the catalogue itself says of each action."""

from collections.abc import Mapping, Sequence

import numpy as np

from decisioning.customer import FeatureValue
from decisioning.ports import Candidate, Scores


class CatalogScorer:
    """Scores every candidate by its action's stated starting propensity; there is no evidence of uplift."""

    version = "none"

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:  # noqa: ARG002 (the port's signature)
        """The starting propensities, shape (n_candidates,); uplift is NaN."""
        propensity = np.array([each.action.starting_propensity for each in candidates], dtype=np.float64)
        return Scores(propensity, np.full(len(candidates), np.nan), randomised=False)

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:  # noqa: ARG002 (the port's signature)
        """Nothing moved it: the propensity is the catalogue's."""
        return ()
