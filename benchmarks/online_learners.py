"""Who learns online in `benchmarks.online`: the decision code with its fast layer, and linear Thompson sampling."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

import numpy as np

from benchmarks.online_world import N_ACTIONS, N_FEATURES, UNIFORM
from decisioning.action import Action, Treatment
from decisioning.catalog import Catalog, Channel, Exploration, Placement
from decisioning.customer import Customer, CustomerReference, FeatureValue
from decisioning.decide import consider, decision_id_of, seed_of
from decisioning.decision import Decision, DecisionRequest
from decisioning.eligibility import compile_catalog
from decisioning.exploration import generator_of
from decisioning.fast_layer.belief import Belief
from decisioning.fast_layer.exposure import Exposure, Regressors
from decisioning.fast_layer.layer import FastLayer
from decisioning.fast_layer.scorer import FastScorer
from decisioning.option import Weighing, options_of
from decisioning.ports import Candidate, Scores
from decisioning.ranking import Drawing, choices_of
from decisioning.urn import Urn
from training.encoding import Floats

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NAMES = tuple(f"f{place:02}" for place in range(N_FEATURES))
ACTIONS = tuple(f"a{place}" for place in range(N_ACTIONS))
OFFERS = [
    Action(name, "grow", "offers", (Treatment("banner", "web"),), value=1.0, starting_propensity=UNIFORM)
    for name in ACTIONS
]
REGRESSORS = Regressors(NAMES, (0.0,) * N_FEATURES, (1.0,) * N_FEATURES)


class Learner(Protocol):
    """Something that chooses an action for a customer, and is told what came of it."""

    def choose(self, context: Floats) -> int:
        """The place of the action."""
        ...

    def learn(self, context: Floats, action: int, *, accepted: bool) -> None:
        """Take the outcome in."""
        ...


class Unknowing:
    """A scorer that has learned nothing: the same for every action."""

    version = "unknowing"

    def __init__(self) -> None:
        self._scores = Scores(np.full(N_ACTIONS, UNIFORM), np.full(N_ACTIONS, np.nan), randomised=False)

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:  # noqa: ARG002 (the port's signature)
        """3 % each, no uplift."""
        return self._scores

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:  # noqa: ARG002 (the port's signature)
        """Nothing moved it."""
        return ()


class OurDecisions:
    """The decision code of this repository, with its fast layer.

    Parameters: `epsilon`, exploration's even share beside posterior sampling.
    """

    def __init__(self, seed: int, *, epsilon: float = 0.05) -> None:
        self._belief, self._epsilon = Belief(), epsilon
        self._layer = FastLayer(self._belief, REGRESSORS.size)
        self._scorer = Unknowing()
        self._catalog = compile_catalog(_catalog(epsilon))
        self._slate = self._catalog.slots["home"].slates.of(ACTIONS)
        self._weighing = Weighing("incremental_value", {})
        self._seed, self._n = seed, 0

    def choose(self, context: Floats) -> int:
        """Score, weigh and draw, by the functions that `consider` calls once its funnel is through."""
        seed = seed_of(decision_id_of(self._request_id, self._catalog.catalog.holdout.salt))
        features = _features(context)
        options = options_of(self._slate, scorer=self._corrected(), features=features, weighing=self._weighing)
        choices = choices_of(options, Drawing(seed, self._epsilon, 1, must_fill=True, sampled=True))
        chosen, *_ = Urn(choices, self._epsilon).draw(generator_of(seed).random())
        return ACTIONS.index(chosen)

    def consider(self, context: Floats) -> Decision:
        """The whole decision, of which `choose` is the core."""
        customer = Customer("c_1", as_of=NOW, features=_features(context))
        return consider(self._request(), customer, catalog=self._catalog, scorer=self._corrected())

    def learn(self, context: Floats, action: int, *, accepted: bool) -> None:
        """Learn from the features that the decision logs."""
        row = REGRESSORS.row(_features(context))
        self._layer.learn(ACTIONS[action], Exposure(row, UNIFORM, 0, accepted))
        self._n += 1

    def _corrected(self) -> FastScorer:
        return FastScorer(self._scorer, self._layer.posterior(0), REGRESSORS, self._belief.boldness, self._n)

    @property
    def _request_id(self) -> str:
        return f"{self._seed}-{self._n}"

    def _request(self) -> DecisionRequest:
        return DecisionRequest(self._request_id, CustomerReference("user_id", "u-1"), "home", "web")


class LinearThompson:
    """The usual linear Thompson sampling: ridge regression of 0 and 1 per action, updated every hundred rounds."""

    def __init__(self, seed: int) -> None:
        size = 1 + N_FEATURES
        self._random = np.random.default_rng([seed, 4])
        self._precision = np.stack([np.eye(size)] * N_ACTIONS)
        self._pull = np.zeros((N_ACTIONS, size))
        self._n = 0
        self._update()

    def choose(self, context: Floats) -> int:
        """The action whose drawn mean is largest; a reward's SD is taken as 0.2, that of 4 %."""
        row = np.concatenate([[1.0], context])
        spread = np.sqrt((self._covariance @ row) @ row)
        return int((self._mean @ row + 0.2 * spread * self._random.standard_normal(N_ACTIONS)).argmax())

    def learn(self, context: Floats, action: int, *, accepted: bool) -> None:
        """Add to the sums; look at them every hundred rounds."""
        row = np.concatenate([[1.0], context])
        self._precision[action] += np.outer(row, row)
        self._pull[action] += float(accepted) * row
        self._n += 1
        if self._n % 100 == 0:
            self._update()

    def _update(self) -> None:
        self._covariance = np.linalg.inv(self._precision)
        self._mean = (self._covariance @ self._pull[..., np.newaxis])[..., 0]


def _features(context: Floats) -> dict[str, FeatureValue]:
    return dict(zip(NAMES, context.tolist(), strict=True))


def _catalog(epsilon: float) -> Catalog:
    return Catalog(
        "online",
        "EUR",
        {action.name: action for action in OFFERS},
        {"web": Channel("web", consent="none")},
        {"home": Placement("home", "web", limit=1, must_fill=True)},
        exploration=Exploration(epsilon),
    )
