"""Policy values on public randomised data against the figures published for them (quality.md, parts A and B)."""

from functools import cache

import numpy as np
import pytest
from offers_data import data_folder

from benchmarks import public_logs
from training.bootstrap import Estimate
from training.evaluation import HINDSIGHT_CONSTANT, REGISTERED_CONSTANT, PolicyEvaluation, References, evaluate
from training.policy import best_constant, constant_name, greedy, standard_policies
from training.promotion import judge
from training.reward_model import cross_fitted, fit_reward_model

DISCOUNT = "discount $2 off $10, 10 days"


@cache
def coffee() -> PolicyEvaluation:
    """Waves 5 and 6 valued with a nuisance fitted on waves 1 to 4; the candidate is greedy on another such model."""
    whole = public_logs.coffee(data_folder("starbucks-offers"))
    log, wave, features = whole.log, whole.wave, np.column_stack([whole.context[:, :6], whole.wave])
    before, after = log.part(wave <= 4), log.part(wave > 4)
    known, now = features[wave <= 4], features[wave > 4]
    nuisance, candidate = (
        fit_reward_model(known, before.chosen, before.capped_reward, n_actions=11, seed=seed) for seed in (1, 2)
    )
    policies = standard_policies(after) | {"candidate": greedy(after, candidate.predict(now))}
    references = References(
        tuple(constant_name(action) for action in log.actions[1:]), constant_name(best_constant(before) or "")
    )
    return evaluate(
        after, policies, generator=np.random.default_rng(0), q_hat=nuisance.predict(now), references=references
    )


def test_the_best_constant_offer_is_two_off_ten_on_both_parts():
    assert coffee().n_decisions == 34_000
    assert coffee().references[REGISTERED_CONSTANT] == constant_name(DISCOUNT)
    assert coffee().references[HINDSIGHT_CONSTANT] == constant_name(DISCOUNT)


@pytest.mark.parametrize(
    ("policy", "published", "within"),
    [(constant_name(DISCOUNT), 22.5, 0.2), ("nothing", 13.4, 0.15), ("uniform", 17.5, 0.1)],
)
def test_doubly_robust_dollars_per_decision_are_the_published_ones(policy, published, within):
    values = coffee().policies[policy].raw
    assert values.doubly_robust.value == pytest.approx(published, abs=within)
    for found in (values.ips, values.snips):
        assert found.low <= published <= found.high


def test_the_standard_error_of_the_best_constant_is_the_published_one():
    values = coffee().policies[constant_name(DISCOUNT)]
    raw, capped = values.raw.doubly_robust, values.capped.doubly_robust
    assert capped.value == pytest.approx(20.58, abs=0.1)
    assert half_width(raw) / 1.96 == pytest.approx(0.74, abs=0.08)
    assert half_width(capped) / 1.96 == pytest.approx(0.39, abs=0.04)


def half_width(found: Estimate) -> float:
    return (found.high - found.low) / 2


@pytest.mark.parametrize(("policy", "published"), [("nothing", -8.96), ("uniform", -5.53)])
def test_paired_capped_differences_to_the_best_constant_are_the_published_ones(policy, published):
    gap = coffee().policies[policy].differences[REGISTERED_CONSTANT].estimate
    assert gap.value == pytest.approx(published, abs=0.15)
    assert gap.high < 0


def test_the_gate_refuses_a_greedy_learner_on_coffee_and_serves_the_constant():
    verdict = judge(coffee())
    assert not verdict.promoted
    assert (verdict.serve, verdict.constant) == ("constant", constant_name(DISCOUNT))


@cache
def hillstrom(reward: str) -> PolicyEvaluation:
    """All 64,000 customers; the candidate is greedy on cross-fitted expected rewards."""
    whole = public_logs.hillstrom(data_folder("hillstrom"), reward)
    log = whole.log
    numbers, chosen, money = whole.context[:, :5], log.chosen, log.reward
    expected = [
        cross_fitted(numbers, chosen, money, customers=log.customer_id, n_actions=3, seed=seed, folds=2)
        for seed in (1, 2)
    ]
    policies = standard_policies(log) | {"candidate": greedy(log, expected[1])}
    references = References(("always mens", "always womens"), "always mens")
    return evaluate(log, policies, generator=np.random.default_rng(0), q_hat=expected[0], references=references)


@pytest.mark.parametrize(("reward", "published", "within"), [("visit", 0.1825, 0.002), ("spend", 1.42, 0.03)])
def test_mens_mail_to_all_is_the_best_constant_at_the_published_value(reward, published, within):
    found = hillstrom(reward)
    assert found.references[HINDSIGHT_CONSTANT] == "always mens"
    assert found.policies["always mens"].raw.snips.value == pytest.approx(published, abs=within)
    assert found.policies["always mens"].raw.doubly_robust.value == pytest.approx(published, abs=within)


def test_the_gate_refuses_a_learner_on_hillstrom_spend():
    verdict = judge(hillstrom("spend"))
    assert (verdict.promoted, verdict.constant) == (False, "always mens")
