import numpy as np
import pytest

from training.logistic import sigmoid
from training.search_space import PRESET
from training.trees import Rows, fit_trees
from training.tuning import Search, spread_sample, tune


def some_rows(seed, n=1500):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5))
    return Rows(x, (rng.random(n) < sigmoid(2.0 * (x[:, 0] > 0) - 1.5)).astype(float))


SEARCH = Search(trials=6, seed=3)


@pytest.fixture(scope="module")
def tuned():
    return tune(some_rows(0), some_rows(1), [], search=SEARCH)


def test_the_preset_is_the_first_trial_and_the_best_is_no_worse(tuned):
    assert tuned.trials[0].parameters == dict(PRESET)
    assert tuned.loss <= tuned.trials[0].loss
    assert len(tuned.trials) == 6


def test_the_same_seed_finds_the_same(tuned):
    assert tune(some_rows(0), some_rows(1), [], search=SEARCH) == tuned


def test_hopeless_trials_are_pruned():
    found = tune(some_rows(0), some_rows(1), [], search=Search(trials=15, seed=1))
    assert {trial.state for trial in found.trials} == {"complete", "pruned"}
    assert all(np.isfinite(trial.loss) for trial in found.trials if trial.state == "complete")


def test_the_same_data_give_the_same_model_text(tuned):
    texts = {
        fit_trees(some_rows(0), tuned.parameters, n_trees=tuned.n_trees, categorical=[]).booster.model_to_string()
        for _ in range(2)
    }
    assert len(texts) == 1


def test_a_sample_is_spread_over_time_and_small_data_are_kept_whole():
    rows = Rows(np.arange(100.0)[:, None], np.zeros(100))
    assert spread_sample(rows, 5).matrix[:, 0].tolist() == [0.0, 24.0, 49.0, 74.0, 99.0]
    assert spread_sample(rows, 100) is rows
