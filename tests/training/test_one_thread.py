"""Whatever LightGBM is asked says that it takes one thread.

It keeps the number for the whole process. Two threads learn a fleet at once: where one leaves the number out, the
other's prediction writes beside buffers that were made for fewer, and the process ends in a segmentation fault.
"""

import lightgbm
import numpy as np
import pytest
import specialist_world

from training.dataset import split_by_time
from training.exposure import evidence_by_time
from training.propensity import fit_propensity
from training.reward_model import fit_reward_model
from training.tuning import Search
from training.value.amount import fit_amount


@pytest.fixture
def asked(monkeypatch):
    """What was asked of LightGBM, each with the number of threads that it was told (None: none)."""
    seen = []

    def watched(owner, name):
        really = getattr(owner, name)

        def asking(self, *given, **options):
            told = options if name == "predict" else options.get("params") or {}
            if "model_str" not in options:
                seen.append((f"{owner.__name__}.{name}", told.get("num_threads")))
            return really(self, *given, **options)

        monkeypatch.setattr(owner, name, asking)

    watched(lightgbm.Dataset, "__init__")
    watched(lightgbm.Booster, "__init__")
    watched(lightgbm.Booster, "predict")
    return seen


def test_a_fleet_and_its_judge_ask_for_one_thread(asked):
    layout, frame = specialist_world.a_layout(), specialist_world.a_frame(0, n=16_000, odd=True)
    train, validation = evidence_by_time(
        split_by_time(frame, validation_share=0.25, evaluation_share=0.1), layout, seed=1
    )
    _, report = fit_propensity(train, validation, layout=layout, search=Search(trials=1, seed=7))
    assert any(each.learner for each in report.own_effects), "learners of single actions' effects were among it"
    assert {name for name, _ in asked} == {"Dataset.__init__", "Booster.__init__", "Booster.predict"}
    assert {threads for _, threads in asked} == {1}


def test_the_models_of_rewards_and_of_amounts_ask_for_one_thread(asked):
    rows = np.random.default_rng(0).normal(size=(400, 3))
    fit_reward_model(rows, np.arange(400) % 2, rows[:, 0], n_actions=2, seed=1).predict(rows)
    fit_amount(rows, np.exp(rows[:, 0]), seed=1)
    assert {name for name, _ in asked} == {"Dataset.__init__", "Booster.__init__", "Booster.predict"}
    assert {threads for _, threads in asked} == {1}
