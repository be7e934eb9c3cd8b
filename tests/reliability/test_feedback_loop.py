"""Row 48: a service that learns from what it chose itself keeps its exploration, its probabilities and its controls."""

from collections import Counter

import numpy as np
import pytest

from builders import FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.catalog import Exploration, HoldoutArms, Placement
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.fast_layer.belief import Belief
from decisioning.fast_layer.exposure import Exposure, Regressors
from decisioning.fast_layer.layer import FastLayer
from decisioning.fast_layer.scorer import FastScorer

TRUTH = {"card": 0.03, "fund": 0.04, "loan": 0.03, "plan": 0.09}
BEST = "plan"
N, EPSILON = 12_000, 0.05


@pytest.fixture(scope="module")
def decided():
    """What a service decided that believed in the wrong action at first, and what came of it."""
    catalog = compile_catalog(
        a_catalog(
            *map(an_action, TRUTH),
            exploration=Exploration(EPSILON),
            holdout=HoldoutArms("loop", {"random_eligible": 0.05}),
            placements={"home": Placement("home", "web", limit=1, must_fill=True)},
        )
    )
    bundle = FixedScorer({name: (0.05 if name == "loan" else 0.03, float("nan")) for name in TRUTH})
    layer, chance, log = FastLayer(Belief(), 1), np.random.default_rng(48), []
    for number in range(N):
        scorer = FastScorer(bundle, layer.posterior(0), Regressors(), 0.3, number)
        customer = a_customer(customer_id=f"c_{number}")
        decision = consider(a_request(request_id=f"r-{number}"), customer, catalog=catalog, scorer=scorer)
        accepted = bool(chance.random() < TRUTH[decision.chosen])
        layer.learn(decision.chosen, Exposure(np.ones(1), decision.learned.scores[decision.chosen][0], 0, accepted))
        log.append((decision, accepted))
    return log


def of_arm(log, arm):
    return [(decision, accepted) for decision, accepted in log if decision.arm == arm]


def test_the_exploration_floor_is_kept_in_every_decision(decided):
    floors = [len(TRUTH) * min(decision.eligible.values()) for decision, _ in of_arm(decided, "nba")]
    assert min(floors) >= EPSILON - 1e-12
    assert np.mean(floors[len(floors) // 2 :]) == pytest.approx(EPSILON, abs=0.005)


def test_the_planted_best_action_is_found_against_what_the_bundle_says(decided):
    late = of_arm(decided, "nba")[-2000:]
    assert Counter(decision.chosen for decision, _ in late)[BEST] / len(late) > 0.9


def test_the_logged_probabilities_value_policies_within_two_standard_errors_of_the_truth(decided):
    """Of four policies, each 'always this action', one may be out by chance."""
    away = []
    for action, truth in TRUTH.items():
        worth = [
            accepted * (decision.chosen == action) / decision.eligible[action]
            for decision, accepted in of_arm(decided, "nba")
        ]
        away.append(abs(np.mean(worth) - truth) / (np.std(worth) / np.sqrt(len(worth))))
    assert sum(distance <= 2 for distance in away) >= 3
    assert max(away) <= 3


def test_the_control_that_is_drawn_evenly_stays_so(decided):
    control = of_arm(decided, "random_eligible")
    assert len(control) / N == pytest.approx(0.05, abs=0.01)
    assert all(set(decision.eligible.values()) == {0.25} for decision, _ in control)
