"""The fast layer in columns: many customers are corrected at once as each would be alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import an_action
from decisioning.fast_layer.belief import DAY_US, Belief
from decisioning.fast_layer.exposure import Exposure, Regressors
from decisioning.fast_layer.layer import FastLayer, Ground
from decisioning.fast_layer.scorer import FastScorer
from decisioning.ports import Candidate, Scores

NOW = 400 * DAY_US
NAMES = ("age", "income", "segment", "gone")
CANDIDATES = tuple(
    Candidate(each := an_action(name, value=value), each.treatments[0])
    for name, value in (("card", 90.0), ("card", 70.0), ("fund", 0.0), ("loan", 5.0))
)
KNOWN = {"age": st.sampled_from([0.0, 18.0, -3.5, np.nan, np.inf, 1e300]), "income": st.floats(-1e9, 1e9)}


class Even:
    """A bundle whose scores are those of a table, a row for each customer; uplift and priority where there are any."""

    version = "even"

    def __init__(self, scores, place):
        self.scores, self.place = scores, place

    def score(self, features, candidates):
        found = self.scores
        given = None if found.priority is None else found.priority[self.place]
        return Scores(found.propensity[self.place], found.uplift[self.place], given, randomised=found.randomised)


def worlds():
    return st.integers(0, 2**32 - 1).map(np.random.default_rng)


def a_layer(random, size):
    ground = Ground({"fund": float(random.integers(1, 900))}, NOW - DAY_US) if random.random() < 0.5 else None
    layer = FastLayer(Belief(half_life_days=float(random.integers(1, 90))), size, ground=ground)
    for _ in range(int(random.integers(0, 90))):
        row = np.array([1.0, *random.normal(size=size - 1)])
        shown = int(NOW - random.integers(0, 9 * DAY_US))
        exposure = Exposure(row, float(random.random()), shown, [True, False, None][random.integers(3)])
        layer.learn(["card", "loan"][random.integers(2)], exposure)
    return layer


def some_scores(random, n):
    shape = n, len(CANDIDATES)
    uplift = np.where(random.random(shape) < 0.3, np.nan, random.uniform(-1, 1, shape))
    given = random.normal(size=shape) if random.random() < 0.3 else None
    if random.random() < 0.3:
        return Scores(random.random(shape), np.full(shape, np.nan), given, randomised=False)
    return Scores(random.choice([0.0, 1e-9, 0.02, 0.4, 1.0], shape), uplift, given)


@given(worlds(), st.lists(st.fixed_dictionaries(KNOWN), min_size=1, max_size=9), st.integers(0, 3))
def test_many_customers_are_corrected_as_each_alone(random, customers, n_names):
    regressors = Regressors(NAMES[:n_names], (1.0, -2.0, 0.5)[:n_names], (2.0, 0.1, 3.0)[:n_names])
    posterior = a_layer(random, regressors.size).posterior(NOW)
    scores = some_scores(random, len(customers))
    columns = {name: np.array([each[name] for each in customers]) for name in KNOWN}
    words = np.array(["gold"] * len(customers), dtype=np.object_)
    many = FastScorer(Even(scores, 0), posterior, regressors, 0.3, 7).moved(
        scores, {**columns, "segment": words}, CANDIDATES
    )
    for place, features in enumerate(customers):
        told = {name: None if value != value else value for name, value in features.items()}
        alone = FastScorer(Even(scores, place), posterior, regressors, 0.3, 7).score(
            {**told, "segment": "gold"}, CANDIDATES
        )
        assert many.propensity[place] == pytest.approx(alone.propensity, rel=1e-12, abs=1e-15)
        assert many.uplift[place] == pytest.approx(alone.uplift, rel=1e-12, abs=1e-12, nan_ok=True)
        assert (many.priority is None) == (alone.priority is None)
        if many.priority is not None:
            assert many.priority[place] == pytest.approx(alone.priority, rel=1e-12, abs=1e-12)
        assert many.correction.spread[place] == pytest.approx(alone.correction.spread, rel=1e-9)
        assert np.array_equal(many.correction.bundle[place], alone.correction.bundle)
        assert (many.correction.seq, many.randomised) == (7, alone.randomised)
