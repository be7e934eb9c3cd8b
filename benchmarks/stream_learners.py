"""The decision and training code of this repository on the bank's stream."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from benchmarks.stream_world import PLACEMENT, Choices, Customers, Shop
from decisioning.catalog import Exploration
from decisioning.cold_start import CatalogScorer
from decisioning.customer import FeatureValue
from decisioning.decide import seed_of
from decisioning.exploration import generator_of
from decisioning.fast_layer.exposure import Exposure, Regressors
from decisioning.fast_layer.layer import FastLayer, Ground
from decisioning.fast_layer.scorer import FastScorer
from decisioning.option import Options, Weighing, options_of
from decisioning.ports import Candidate, Scorer, Scores
from decisioning.ranking import Drawing, choices_of
from decisioning.urn import Urn
from features.fast_layer.keeper import MOST_AGAIN
from features.fast_layer.section import Learning
from features.workspace import Training
from training.bundle import PolicyBundle
from training.dataset import DecisionLogFrame, split_by_time
from training.encoding import ActionTable, FeatureEncoder, Floats, Layout
from training.exposure import evidence_by_time
from training.learning import search_of
from training.propensity import fit_propensity

TRAINED_AT = (1_000, 2_500, 5_000, 10_000, 20_000, 40_000, 80_000, 160_000)
"""After so many decisions the bundle is learned anew."""
APART_US = int(timedelta(seconds=10).total_seconds() * 1e6)
"""From one decision to the next."""
N_SCALED = 500
"""Decisions that say what is usual of a feature."""


class Known:
    """A scorer that was asked for many customers at once; `at` is the one at hand."""

    def __init__(self, bundle: PolicyBundle, shop: Shop, seen: Floats) -> None:
        self.version, self.at = "learned", 0
        self._scores = bundle.score_matrix(seen, shop.slate.candidates)

    def score(self, features: Mapping[str, FeatureValue], candidates: Sequence[Candidate]) -> Scores:  # noqa: ARG002 (the port's signature)
        """Those of the customer at hand."""
        return Scores(self._scores.propensity[self.at], self._scores.uplift[self.at])

    def explain(self, features: Mapping[str, FeatureValue], candidate: Candidate) -> tuple[tuple[str, float], ...]:  # noqa: ARG002 (as above)
        """Nothing is explained here."""
        return ()


class OurStream:
    """The decision code with its fast layer, and bundles learned by the training code at default settings.

    Parameters: `shop`; `exploration`, as a catalogue declares it.
    """

    def __init__(self, shop: Shop, exploration: Exploration) -> None:
        self._shop, self._slate, self._exploration = shop, shop.slate, exploration
        self._weighing = Weighing(shop.catalog.arbitration, {})
        self._belief = Learning(fast=True).belief
        self._layout = Layout(FeatureEncoder(shop.columns), ActionTable.of(shop.catalog))
        self._log = _Log.of(shop, 0)
        self._bundle: PolicyBundle | None = None
        self._now_us = 0
        self._begin(Regressors())

    def play(self, customers: Customers) -> Choices:
        """Decide, learn from every answer at once, and train anew at the moments that were fixed."""
        n = len(customers)
        self._log = _Log.of(self._shop, n)
        ends = [*(end for end in TRAINED_AT if end < n), n]
        for start, end in pairwise([0, *ends]):
            self._stretch(customers, range(start, end))
            if end < n:
                self._train(customers, end)
        return self._log.chosen

    def best(self, customers: Customers) -> Choices:
        """The first by priority, nothing where none is above 0."""
        found = np.empty(len(customers), dtype=np.int64)
        for place, (scorer, features) in enumerate(self._asked(customers.seen)):
            choices = choices_of(self._options(scorer, features), Drawing(0, 0.0, 1, must_fill=False))
            found[place] = self._shop.actions.index(choices.best)
        return found

    def _stretch(self, customers: Customers, places: range) -> None:
        asked = self._asked(customers.seen[places.start : places.stop])
        for place, (scorer, features) in zip(places, asked, strict=True):
            self._now_us = place * APART_US
            options = self._options(scorer, features)
            chosen = self._draw(options, place)
            converted = self._log.converted[place, :-1] = customers.converted(place, chosen)
            added = options.scores.correction
            if chosen < len(converted) and added is not None:
                row, said = self._regressors.row(features), float(added.bundle[chosen])
                self._layer.learn(options.names[chosen], Exposure(row, said, self._now_us, bool(converted[chosen])))

    def _asked(self, seen: Floats) -> Iterator[tuple[Scorer, Mapping[str, FeatureValue]]]:
        scorer = CatalogScorer() if self._bundle is None else Known(self._bundle, self._shop, seen)
        for at, features in enumerate(self._features(seen)):
            if isinstance(scorer, Known):
                scorer.at = at
            yield scorer, features

    def _options(self, scorer: Scorer, features: Mapping[str, FeatureValue]) -> Options:
        posterior = self._layer.posterior(self._now_us)
        corrected = FastScorer(scorer, posterior, self._regressors, self._belief.boldness, 0)
        return options_of(self._slate, scorer=corrected, features=features, weighing=self._weighing)

    def _draw(self, options: Options, place: int) -> int:
        seed, declared = seed_of(f"d_{place}"), self._exploration
        epsilon = declared.epsilon_without_bundle if self._bundle is None else declared.epsilon
        choices = choices_of(options, Drawing(seed, epsilon, 1, must_fill=False, sampled=True))
        urn = Urn(choices, epsilon)
        chosen = self._shop.actions.index(urn.draw(generator_of(seed).random())[0])
        shares = dict(zip(urn.names, urn.probabilities(), strict=True))
        self._log.chosen[place] = chosen
        self._log.probability[place] = [shares[action] for action in self._shop.actions]
        return chosen

    def _train(self, customers: Customers, end: int) -> None:
        how, log = Training(), self._log.frame(customers, end)
        split = split_by_time(log, validation_share=how.validation_share, evaluation_share=how.evaluation_share)
        train, validation = evidence_by_time(split, self._layout, seed=how.seed)
        response, _ = fit_propensity(train, validation, layout=self._layout, search=search_of(how))
        self._bundle = PolicyBundle("", self._shop.catalog.version, response)
        last = self._features(customers.seen[max(end - N_SCALED, 0) : end])
        self._begin(Regressors.over(self._shop.names, last))
        self._catch_up(customers.seen, range(max(len(split.earlier), end - MOST_AGAIN), end))

    def _catch_up(self, seen: Floats, places: range) -> None:
        """Let the layer learn what was kept from the bundle to judge it by, as a `FastKeeper` does."""
        chosen = self._log.chosen
        for place, (scorer, features) in zip(places, self._asked(seen[places.start : places.stop]), strict=True):
            if (at := chosen[place]) < len(self._slate.names):
                said = float(scorer.score(features, self._slate.candidates).propensity[at])
                row, accepted = self._regressors.row(features), bool(self._log.converted[place, at])
                self._layer.learn(self._slate.names[at], Exposure(row, said, place * APART_US, accepted))

    def _begin(self, regressors: Regressors) -> None:
        self._regressors = regressors
        known = {} if self._bundle is None else self._bundle.response.information
        self._layer = FastLayer(self._belief, regressors.size, ground=Ground(known, self._now_us))

    def _features(self, seen: Floats) -> list[Mapping[str, FeatureValue]]:
        known = [[None if value != value else value for value in row] for row in seen.tolist()]
        return [dict(zip(self._shop.names, row, strict=True)) for row in known]


@dataclass(frozen=True, slots=True)
class _Log:
    """What was decided, and what came of it; arrays (n,) and (n, n_actions + 1)."""

    shop: Shop
    chosen: Choices
    probability: Floats
    converted: NDArray[np.bool_]

    @classmethod
    def of(cls, shop: Shop, n: int) -> "_Log":
        shape = (n, len(shop.actions))
        return cls(shop, np.zeros(n, dtype=np.int64), np.zeros(shape), np.zeros(shape, dtype=np.bool_))

    def frame(self, customers: Customers, end: int) -> DecisionLogFrame:
        """The first decisions, as a retraining reads them."""
        names, rows = self.shop.actions, np.arange(end)
        chosen, converted = self.chosen[:end], self.converted[:end]
        reward = converted[:, :-1] @ customers.values
        ids = np.array([f"d_{place}" for place in rows], dtype=object)
        treatments = [each.treatment.name for each in self.shop.slate.candidates]
        return DecisionLogFrame(
            actions=names,
            decision_id=ids,
            customer_id=ids,
            decided_us=rows * APART_US,
            ends_us=rows * APART_US + 1,
            channel=np.full(end, self.shop.catalog.placements[PLACEMENT].channel, dtype=object),
            placement=np.full(end, PLACEMENT, dtype=object),
            arm=np.full(end, "nba", dtype=object),
            treatment=np.array([*treatments, ""], dtype=object)[chosen],
            chosen=chosen,
            shown=chosen < len(treatments),
            reward=reward,
            capped_reward=reward,
            accepted=converted[rows, chosen],
            eligible_probability=self.probability[:end],
            listed=np.arange(len(names)) == chosen[:, None],
            converted=converted,
            features={name: customers.seen[:end, place] for place, name in enumerate(self.shop.names)},
        )
