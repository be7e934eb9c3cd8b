"""Off-policy estimators, their intervals and their diagnostics."""

from dataclasses import replace

import numpy as np
import pytest

from decisioning.errors import InvalidInputError
from training.bootstrap import customer_totals, estimate, replicate_totals, smallest_detectable
from training.moments import Moments
from training.off_policy.estimator import clipped_ips, direct, doubly_robust, ips, snips
from training.off_policy.terms import check_distribution, policy_terms
from training.overlap import drifted, effective_size, overlap, weight_problems
from training.policy import constant, uniform
from training.reward_log import LoggedRewards, check_log


def simulated(seed: int, *, n: int = 1500, n_actions: int = 4) -> tuple[LoggedRewards, np.ndarray]:
    """A log of customers with several decisions each, and the true mean reward of every (decision, action)."""
    generator = np.random.default_rng(seed)
    customers = generator.integers(0, n // 3, size=n)
    taste = generator.normal(size=(n // 3, n_actions))[customers]
    probability = generator.dirichlet(np.full(n_actions, 3.0), size=n) * 0.8 + 0.2 / n_actions
    chosen = (probability.cumsum(axis=1) < generator.random((n, 1))).sum(axis=1).clip(max=n_actions - 1)
    truth = 2 + taste + np.arange(n_actions)
    reward = truth[np.arange(n), chosen] + generator.exponential(2, size=n) - 2
    actions = ("no_action", *(f"offer_{number}" for number in range(1, n_actions)))
    return LoggedRewards(actions, customers, chosen, probability, reward, reward), truth


def test_unweighted_estimates_by_hand():
    log = LoggedRewards(
        ("no_action", "card"),
        np.array([1, 2]),
        np.array([1, 0]),
        np.array([[0.5, 0.5], [0.8, 0.2]]),
        np.array([10.0, 4.0]),
        np.array([8.0, 4.0]),
    )
    target = np.array([[0.0, 1.0], [0.6, 0.4]])
    q_hat = np.array([[1.0, 6.0], [3.0, 5.0]])
    terms = policy_terms(log, target, q_hat=q_hat)
    assert terms.weight.tolist() == [2.0, pytest.approx(0.75)]
    assert ips(terms).value == pytest.approx((2 * 10 + 0.75 * 4) / 2)
    assert clipped_ips(terms, largest=1.0).value == pytest.approx((10 + 0.75 * 4) / 2)
    assert snips(terms).value == pytest.approx((2 * 10 + 0.75 * 4) / 2.75)
    assert direct(terms).value == pytest.approx((6 + 3.8) / 2)
    assert doubly_robust(terms).value == pytest.approx((6 + 2 * 4 + 3.8 + 0.75 * 1) / 2)
    assert ips(policy_terms(log, target, capped=True)).value == pytest.approx((2 * 8 + 0.75 * 4) / 2)


@pytest.mark.parametrize("with_model", [False, True])
def test_the_bootstrap_interval_covers_the_truth_about_as_often_as_it_says(with_model):
    covered = 0
    for seed in range(150):
        log, truth = simulated(seed, n=900)
        target = constant(log, "offer_3")
        terms = policy_terms(log, target, q_hat=truth * 0.7 if with_model else None)
        totals = customer_totals(np.column_stack([terms.doubly_robust, np.ones(900)]), log.customer_id)
        drawn = replicate_totals(totals, replicates=200, generator=np.random.default_rng(seed))
        found = estimate(terms.doubly_robust.mean(), drawn[:, 0] / drawn[:, 1], 0.95)
        covered += found.low <= 5.0 <= found.high
    assert 0.89 <= covered / 150 <= 0.99


def test_the_bernstein_interval_covers_the_truth_at_least_as_often_as_it_says():
    covered = 0
    for seed in range(200):
        values = np.random.default_rng(seed).beta(0.5, 2, size=400)
        found = Moments.of(values).interval(0.95, spread=1.0)
        covered += found.low <= 0.2 <= found.high
    assert covered / 200 >= 0.95


def test_decisions_of_one_customer_widen_the_bootstrap_interval():
    value = np.repeat(np.random.default_rng(0).normal(size=200), 10)
    spread = {}
    for name, customers in {"own": np.arange(2000), "shared": np.repeat(np.arange(200), 10)}.items():
        totals = customer_totals(np.column_stack([value, np.ones(2000)]), customers)
        drawn = replicate_totals(totals, replicates=300, generator=np.random.default_rng(1))
        spread[name] = float(np.std(drawn[:, 0] / drawn[:, 1]))
    assert spread["shared"] > 2 * spread["own"]


def test_the_bootstrap_is_repeatable_and_draws_in_chunks(monkeypatch):
    totals = np.random.default_rng(0).normal(size=(50, 2))

    def drawn(seed):
        return replicate_totals(totals, replicates=30, generator=np.random.default_rng(seed))

    whole = drawn(1)
    monkeypatch.setattr("training.bootstrap.CELLS", 120)
    assert drawn(1) == pytest.approx(whole)
    assert not np.array_equal(whole, drawn(2))


def test_a_bootstrap_of_one_replicate_is_refused():
    with pytest.raises(InvalidInputError, match="at least 2 replicates, given 1"):
        replicate_totals(np.ones((3, 1)), replicates=1, generator=np.random.default_rng(0))


def test_the_smallest_detectable_effect_shrinks_with_the_noise():
    noise = np.random.default_rng(0).normal(size=400)
    assert smallest_detectable(noise, 0.95) == pytest.approx(2 * smallest_detectable(noise / 2, 0.95))
    assert smallest_detectable(noise, 0.95) == pytest.approx(2.8, rel=0.1)


def test_an_effective_sample_of_two_in_ten_thousand_is_unusable():
    n = 10_000
    probability = np.tile([0.9999, 0.0001], (n, 1))
    chosen = np.zeros(n, dtype=int)
    chosen[:2] = 1
    log = LoggedRewards(("no_action", "card"), np.arange(n), chosen, probability, np.ones(n), np.ones(n))
    target = constant(log, "card")
    found = overlap(log, target, policy_terms(log, target))
    assert not found.usable
    assert found.effective_sample_size == pytest.approx(2)
    assert "effective sample of 2 in 10,000 decisions" in found.problems[0]


def test_a_policy_of_the_log_itself_is_usable_and_has_the_whole_sample():
    log, _ = simulated(0)
    found = overlap(log, log.eligible_probability, policy_terms(log, log.eligible_probability))
    assert found.usable
    assert found.effective_sample_size == pytest.approx(1500)
    assert found.largest_weight == pytest.approx(1)


def test_mass_on_actions_the_log_could_not_take_is_unusable():
    log, _ = simulated(0)
    closed = np.zeros_like(log.eligible_probability)
    closed[np.arange(1500), log.chosen] = 1.0
    log = replace(log, eligible_probability=closed)
    found = overlap(log, np.full_like(closed, 0.25), policy_terms(log, np.full_like(closed, 0.25)))
    assert found.unsupported == pytest.approx(0.75)
    assert any("could not take" in problem for problem in found.problems)


def test_wrong_logged_probabilities_are_noticed():
    log, _ = simulated(0)
    pretended = replace(log, eligible_probability=uniform(log) * 0 + np.array([0.7, 0.1, 0.1, 0.1]))
    target = constant(pretended, "offer_2")
    found = overlap(pretended, target, policy_terms(pretended, target))
    assert any("the logged probabilities are wrong" in problem for problem in found.problems)


@pytest.mark.parametrize(
    ("weight", "least", "told"),
    [
        (np.ones(100), 100.0, []),
        (np.ones(99), 100.0, ["effective sample of 99 in 99 decisions; 100 needed"]),
        (np.ones(10), 1.0, []),
        (np.ones(9), 1.0, ["one decision carries 11% of all weight; 10% allowed"]),
        (np.zeros(200), 1.0, ["effective sample of 0 in 200 decisions", "one decision carries 100% of all weight"]),
    ],
)
def test_weights_are_believed_of_enough_decisions_none_of_which_decides_alone(weight, least, told):
    problems = weight_problems(weight, least_effective=least)
    assert [problem[: len(start)] for problem, start in zip(problems, told, strict=True)] == told


def test_without_another_bound_a_hundred_decisions_must_speak():
    assert weight_problems(np.ones(100)) == ()
    assert len(weight_problems(np.ones(99))) == 1
    log, _ = simulated(0)
    for n, usable in ((100, True), (99, False)):
        few = log.part(np.arange(n))
        assert overlap(few, few.eligible_probability, policy_terms(few, few.eligible_probability)).usable is usable


def test_equal_weights_have_the_effective_size_of_their_number_and_no_weight_has_none():
    assert effective_size(np.array([2.0, 2.0, 0.0])) == 2.0
    assert effective_size(np.zeros(3)) == 0.0


@pytest.mark.parametrize(("expected", "is_told"), [(1.51, True), (1.49, False), (0.51, False), (0.49, True)])
def test_the_mean_weight_may_be_off_by_five_standard_errors(expected, is_told):
    assert bool(drifted(np.tile([0.0, 2.0], 50), expected)) is is_told


@pytest.mark.parametrize(
    ("outside", "told"), [(0.009, []), (0.011, ["1.1% of the policy lies on actions the log could"])]
)
def test_a_policy_may_lie_on_what_the_log_could_not_take_by_a_hundredth_and_its_weights_lack_as_much(outside, told):
    n = 100_000
    generator = np.random.default_rng(0)
    log = LoggedRewards(
        ("a", "b", "c"), np.arange(n), generator.integers(0, 2, n), np.tile([0.5, 0.5, 0.0], (n, 1)),
        np.ones(n), np.ones(n),
    )  # fmt: skip
    target = np.tile([0.75 * (1 - outside), 0.25 * (1 - outside), outside], (n, 1))
    found = overlap(log, target, policy_terms(log, target))
    assert found.largest_weight == pytest.approx(1.5 * (1 - outside))
    assert found.unsupported == pytest.approx(outside)
    assert [problem[: len(start)] for problem, start in zip(found.problems, told, strict=True)] == told


@pytest.mark.parametrize("given", [0.0, np.nan, -0.1])
def test_a_log_without_the_probability_of_what_was_chosen_is_refused(given):
    log, _ = simulated(0)
    probability = log.eligible_probability.copy()
    probability[7, log.chosen[7]] = given
    with pytest.raises(
        InvalidInputError, match="no probability above 0 for what was chosen in 1 decisions, first row 7"
    ):
        check_log(replace(log, eligible_probability=probability))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chosen": np.full(1500, 4)}, "chosen is not a column; allowed: 0 to 3"),
        ({"reward": np.full(1500, np.nan)}, "reward is not a finite number"),
        ({"capped_reward": np.full(1500, np.inf)}, "capped_reward is not a finite number"),
        ({"eligible_probability": np.full((1500, 4), 0.3)}, "eligible_probability is not a distribution"),
        ({"reward": np.zeros(3)}, r"reward has shape \(3,\); the log needs \(1500,\)"),
    ],
)
def test_a_log_that_cannot_be_used_is_refused_by_field(change, message):
    log, _ = simulated(0)
    with pytest.raises(InvalidInputError, match=message):
        check_log(replace(log, **change))


@pytest.mark.parametrize(
    ("row", "is_taken"),
    [
        ([0.5, 0.5, 0.0, 0.0], True),
        ([0.5, 0.5, -1e-3, 1e-3], False),
        ([1.2, -0.2, 0.0, 0.0], False),
        ([0.5, 0.4, 0.0, 0.0], False),
        ([0.5, 0.6, 0.0, 0.0], False),
        ([0.5, 0.5 + 0.9e-6, 0.0, 0.0], True),
    ],
)
def test_each_decisions_probabilities_sum_to_one_and_none_is_below_0(row, is_taken):
    log, _ = simulated(0)
    probability, chosen = log.eligible_probability.copy(), log.chosen.copy()
    probability[7], chosen[7] = row, 0
    given = replace(log, eligible_probability=probability, chosen=chosen)
    if is_taken:
        check_log(given)
    else:
        with pytest.raises(InvalidInputError, match="is not a distribution in 1 decisions, first row 7"):
            check_log(given)


def test_a_target_that_is_no_distribution_or_does_not_fit_is_refused():
    log, _ = simulated(0)
    with pytest.raises(InvalidInputError, match=r"sum to 1; row 0 sums to 2\.0"):
        policy_terms(log, np.full((1500, 4), 0.5))
    with pytest.raises(InvalidInputError, match=r"target policy has shape \(1500, 3\)"):
        policy_terms(log, np.full((1500, 3), 1 / 3))
    with pytest.raises(InvalidInputError, match="q_hat has values that are not finite"):
        policy_terms(log, uniform(log), q_hat=np.full((1500, 4), np.nan))


@pytest.mark.parametrize("wrong", [[0.7, 0.4, 0.0], [1.2, -0.2, 0.0], [0.5, 0.4, 0.0]])
def test_one_row_that_is_no_distribution_among_many_is_refused_and_named(wrong):
    target = np.full((9, 3), 1 / 3)
    check_distribution(target)
    target[4] = wrong
    with pytest.raises(InvalidInputError, match=rf"row 4 sums to {sum(wrong)!r}"):
        check_distribution(target)
