"""Row 40: logs that a retraining refuses before it learns, each by its name; and the same log whole, which it takes."""

from dataclasses import replace

import numpy as np
import pytest
from response_world import a_frame, a_layout

from decisioning.errors import InvalidInputError
from training.encoding import FeatureColumn, FeatureEncoder
from training.log_check import _twins, check_log

ENCODER = FeatureEncoder((*a_layout().features.columns, FeatureColumn("spent")))
ENCODER_OF_FRAME = FeatureEncoder(a_layout().features.columns)
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
    "noted where it was chosen": (
        with_feature(np.where(FRAME.chosen == 0, 1.0, np.nan)), "leak", "'spent' depends on what was chosen"
    ),
    "false probabilities": (false_probabilities(), "leak", "'x0' depends on what was chosen"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_log_is_refused_by_name(name):
    frame, code, told = BAD[name]
    with pytest.raises(InvalidInputError, match=told) as refused:
        check_log(frame, ENCODER)
    assert refused.value.code == code


def refused(frame):
    """The code by which a log is refused; "" where it is taken."""
    try:
        check_log(frame, ENCODER)
    except InvalidInputError as error:
        return error.code
    return ""


@pytest.mark.parametrize("answer", [False, True])
@pytest.mark.parametrize(("n_shown", "code"), [(99, ""), (100, "one_class")])
def test_one_answer_only_is_refused_of_a_hundred_shown_and_not_of_fewer(answer, n_shown, code):
    shown = np.arange(len(FRAME)) < n_shown
    assert refused(replace(FRAME, shown=shown, accepted=np.where(shown, answer, FRAME.accepted))) == code
    once = np.where(np.arange(len(FRAME)) == 50, not answer, answer)
    assert refused(replace(FRAME, shown=shown, accepted=once)) == ""


@pytest.mark.parametrize(("share", "code"), [(0.1, ""), (0.11, "repeated_decisions")])
def test_a_tenth_of_the_decisions_may_repeat_others(share, code):
    n = len(FRAME)
    rows = np.arange(n)
    rows[n - int(share * n) :] = 0
    assert refused(FRAME.take(rows)) == code


@pytest.mark.parametrize("column", ["customer_id", "placement", "decided_us"])
def test_decisions_of_another_customer_place_or_moment_repeat_none(column):
    frame = tenfold()
    nth = np.arange(len(frame)) % 10
    other = frame.decided_us + nth if column == "decided_us" else np.array([f"{n}" for n in nth], dtype=object)
    assert refused(frame) == "repeated_decisions"
    assert refused(replace(frame, **{column: other})) != "repeated_decisions"


@pytest.mark.parametrize(("times", "code"), [(9.9, ""), (10.1, "volume"), (0.01, "")])
def test_the_last_decisions_may_come_ten_times_as_fast_as_those_before(times, code):
    n = len(FRAME)
    steps = np.where(np.arange(n) > 0.7 * n, 1e7 / times, 1e7)
    assert refused(replace(FRAME, decided_us=np.cumsum(steps).astype(np.int64))) == code


@pytest.mark.parametrize("seed", range(20))
def test_a_log_as_it_should_be_is_taken(seed):
    check_log(a_frame(3_000, seed=seed), ENCODER)


@pytest.mark.parametrize("seed", range(20))
def test_of_a_log_as_it_should_be_nothing_is_warned(seed):
    assert check_log(a_frame(3_000, seed=seed), ENCODER) == ()


@pytest.mark.parametrize("n_accepted", [2, 3, 5, 9])
def test_of_a_few_acceptances_no_feature_that_fits_them_by_chance_is_called_a_leak(n_accepted):
    chance = np.random.default_rng(7)
    names = [f"n{nth}" for nth in range(100)]
    features = {name: chance.normal(size=len(FRAME)) for name in names}
    accepted = np.zeros(len(FRAME), dtype=bool)
    accepted[chance.choice(np.flatnonzero(FRAME.shown), n_accepted, replace=False)] = True
    frame = replace(FRAME, features=features, accepted=accepted)
    encoder = FeatureEncoder(tuple(map(FeatureColumn, names)))
    assert check_log(frame, encoder) == ()
    assert check_log(replace(frame, accepted=~accepted), encoder) == ()


def test_of_ten_acceptances_the_answer_itself_is_called_a_leak():
    accepted = np.zeros(len(FRAME), dtype=bool)
    accepted[np.flatnonzero(FRAME.shown)[:10]] = True
    frame = replace(with_feature(accepted.astype(np.float64)), accepted=accepted)
    with pytest.raises(InvalidInputError, match="'spent' alone predicts"):
        check_log(frame, ENCODER)


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_decisions_that_stand_on_both_sides_of_the_split_are_warned_of(share):
    """Imported again under other ids and later times."""
    half = len(FRAME) // 2
    again = np.arange(half) >= (1 - share) * half
    twice = FRAME.take(np.concatenate([np.arange(half), np.where(again, np.arange(half), half + np.arange(half))]))
    (warning,) = check_log(replace(twice, decided_us=FRAME.decided_us, decision_id=FRAME.decision_id), ENCODER)
    assert "of the last 30%, which judge, also stand among those learned from" in warning


@pytest.mark.parametrize("differs", ["customer_id", "chosen", "shown", "accepted", "capped_reward", "x0", "nothing"])
def test_a_decision_that_differs_in_anything_but_its_id_and_time_is_no_twin(differs):
    half = len(FRAME) // 2
    twice = FRAME.take(np.tile(np.arange(half), 2))
    again, more = np.arange(2 * half) >= half, {}
    if differs in {"shown", "accepted"}:
        more = {differs: getattr(twice, differs) ^ again}
    elif differs in {"chosen", "capped_reward"}:
        values = getattr(twice, differs)
        more = {differs: np.where(again, (values + 1) % 2 if differs == "chosen" else values + 1.5, values)}
    elif differs == "customer_id":
        more = {differs: np.where(again, twice.customer_id.astype(object) + "-other", twice.customer_id)}
    elif differs == "x0":
        more = {"features": {**twice.features, "x0": twice.features["x0"] + 1e-6 * again}}
    found = list(_twins(replace(twice, **more), ENCODER_OF_FRAME))
    assert len(found) == (1 if differs == "nothing" else 0)


def test_the_equal_decision_of_another_customer_is_no_twin():
    n = len(FRAME)
    late, who = np.arange(n) >= 0.7 * n, np.arange(n) % 2
    frame = replace(
        FRAME, customer_id=who.astype(str).astype(object), chosen=np.zeros(n, dtype=int), shown=np.ones(n, dtype=bool),
        accepted=np.ones(n, dtype=bool), capped_reward=np.ones(n), features={"x0": (who ^ late).astype(np.float64)},
    )  # fmt: skip
    encoder = FeatureEncoder((FeatureColumn("x0"),))
    assert list(_twins(frame, encoder)) == []
    assert len(list(_twins(replace(frame, features={"x0": who.astype(np.float64)}), encoder))) == 1


@pytest.mark.parametrize(("share", "n_warnings"), [(0.09, 0), (0.12, 1)])
def test_a_tenth_of_the_last_decisions_may_stand_among_those_before(share, n_warnings):
    n = 2_000
    rows = np.arange(n)
    last = rows[n - int(0.3 * n) :]
    last[: int(share * len(last))] = np.arange(int(share * len(last)))
    assert len(list(_twins(FRAME.take(rows), ENCODER_OF_FRAME))) == n_warnings


def test_a_feature_that_predicts_suspiciously_well_is_warned_of_by_its_name():
    """Where nothing is left to chance, what was written afterwards cannot be told from what was known."""
    certain = np.eye(len(FRAME.actions))[FRAME.chosen]
    spent = FRAME.accepted + np.random.default_rng(1).normal(0.0, 0.6, len(FRAME))
    (warning,) = check_log(replace(with_feature(spent), eligible_probability=certain), ENCODER)
    assert warning.startswith("the feature 'spent' alone predicts acceptance with an AUC of 0.8")
    assert warning.endswith("is it known in time?")


def test_a_word_that_depends_on_what_was_chosen_is_a_leak_though_words_are_alike_on_average():
    said = np.where(FRAME.chosen == 0, "b", np.array(["a", "c"])[np.arange(len(FRAME)) % 2])
    words = FeatureEncoder((*ENCODER_OF_FRAME.columns, FeatureColumn("spent", "category", ("a", "b", "c"))))
    with pytest.raises(InvalidInputError, match="'spent' depends on what was chosen"):
        check_log(with_feature(said), words)


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
