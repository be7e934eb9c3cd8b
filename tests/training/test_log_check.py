"""Row 40: logs that a retraining refuses before it learns, each by its name; and the same log whole, which it takes."""

from dataclasses import replace

import numpy as np
import pytest
from response_world import a_frame, a_layout

from decisioning.errors import InvalidInputError
from training.encoding import FeatureColumn, FeatureEncoder
from training.log_check import check_log

ENCODER = FeatureEncoder((*a_layout().features.columns, FeatureColumn("spent")))
FRAME = a_frame()


def with_feature(values):
    return replace(FRAME, features={**FRAME.features, "spent": values})


def answered(value):
    return replace(FRAME, accepted=np.full(len(FRAME), value))


def tenfold():
    return FRAME.take(np.repeat(np.arange(0, len(FRAME), 10), 10))


def flood():
    late = np.arange(len(FRAME)) >= 0.7 * len(FRAME)
    quick = FRAME.decided_us[0] + np.cumsum(np.where(late, 50_000, 1_000_000))
    return replace(FRAME, decided_us=quick)


def written_afterwards():
    """The money spent, noted among the features with much noise."""
    noise = np.random.default_rng(1).normal(0.0, 30.0, len(FRAME))
    return with_feature(FRAME.accepted * 50.0 + noise)


def false_probabilities():
    """The card was favoured for some, and the log says that all were chosen alike."""
    kept = (FRAME.chosen != 0) | (FRAME.features["x0"] > 0)
    return FRAME.take(kept)


BAD = {
    "none accepted": (answered(False), "one_class", "none was accepted"),
    "all accepted": (answered(True), "one_class", "every one was accepted"),
    "ten times the same": (tenfold(), "repeated_decisions", "repeat one of the same customer"),
    "ten times the volume": (flood(), "volume", "times as fast as those before"),
    "the answer itself": (with_feature(FRAME.accepted.astype(np.float64)), "leak", "'spent' alone predicts"),
    "written afterwards": (written_afterwards(), "leak", "'spent' depends on what was chosen"),
    "what was chosen": (with_feature(FRAME.chosen.astype(np.float64)), "leak", "'spent' depends on what was chosen"),
    "false probabilities": (false_probabilities(), "leak", "'x0' depends on what was chosen"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_log_is_refused_by_name(name):
    frame, code, told = BAD[name]
    with pytest.raises(InvalidInputError, match=told) as refused:
        check_log(frame, ENCODER)
    assert refused.value.code == code


@pytest.mark.parametrize("seed", range(20))
def test_a_log_as_it_should_be_is_taken(seed):
    check_log(a_frame(3_000, seed=seed), ENCODER)


@pytest.mark.parametrize("seed", range(20))
def test_of_a_log_as_it_should_be_nothing_is_warned(seed):
    assert check_log(a_frame(3_000, seed=seed), ENCODER) == ()


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_decisions_that_stand_on_both_sides_of_the_split_are_warned_of(share):
    """Imported again under other ids and later times."""
    half = len(FRAME) // 2
    again = np.arange(half) >= (1 - share) * half
    twice = FRAME.take(np.concatenate([np.arange(half), np.where(again, np.arange(half), half + np.arange(half))]))
    (warning,) = check_log(replace(twice, decided_us=FRAME.decided_us, decision_id=FRAME.decision_id), ENCODER)
    assert "of the last 30%, which judge, also stand among those learned from" in warning


def test_a_feature_that_predicts_suspiciously_well_is_warned_of_by_its_name():
    """Where nothing is left to chance, what was written afterwards cannot be told from what was known."""
    certain = np.eye(len(FRAME.actions))[FRAME.chosen]
    spent = FRAME.accepted + np.random.default_rng(1).normal(0.0, 0.6, len(FRAME))
    (warning,) = check_log(replace(with_feature(spent), eligible_probability=certain), ENCODER)
    assert warning.startswith("the feature 'spent' alone predicts acceptance with an AUC of 0.8")
    assert warning.endswith("is it known in time?")


def test_probabilities_that_differ_between_customers_are_no_leak():
    """What is likelier for some, or not eligible for others, is told by π₀."""
    chance = np.random.default_rng(2)
    favoured = 1 / (1 + np.exp(-FRAME.features["x0"]))
    eligible = np.stack([0.6 * favoured, np.where(FRAME.features["x1"] > 0, 0.2, 0.0)], axis=1)
    probability = np.column_stack([eligible, 1.0 - eligible.sum(axis=1)])
    chosen = (probability.cumsum(axis=1) < chance.random((len(FRAME), 1))).sum(axis=1).clip(max=2)
    check_log(replace(FRAME, chosen=chosen, eligible_probability=probability), ENCODER)


@pytest.mark.parametrize(("probability", "met"), [(0.02, 0), (0.005, 3)], ids=["missed", "met more than was due"])
def test_a_rare_action_and_the_few_customers_of_a_rare_feature_are_no_leak(probability, met):
    """Of a hundred, chance leaves out all with a probability of 0.13, and picks three with one of 0.01."""
    rare = np.zeros(len(FRAME))
    rare[::60] = 1.0
    chosen = np.where(np.random.default_rng(3).random(len(FRAME)) < probability, 0, 1)
    chosen[::60] = np.where(np.arange(100) < met, 0, 1)
    chances = np.tile([probability, 1.0 - probability, 0.0], (len(FRAME), 1))
    check_log(replace(with_feature(rare), chosen=chosen, eligible_probability=chances), ENCODER)
