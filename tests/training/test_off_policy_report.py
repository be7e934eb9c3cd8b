"""All estimators side by side, each with the interval that customers who are counted anew give it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.bootstrap import estimate
from training.off_policy.estimator import ESTIMATORS, TERMS
from training.off_policy.replicates import Replicates
from training.off_policy.report import all_estimates
from training.off_policy.terms import PolicyTerms, policy_terms
from training.reward_log import LoggedRewards

N, N_REPLICATES = 12, 15


def a_log_and_terms(random):
    """Decisions of few customers, of which the target would never have made some."""
    probability = random.dirichlet(np.ones(3), size=N) * 0.9 + 0.1 / 3
    reward, customers = random.normal(3, 5, size=N), random.integers(0, 5, size=N)
    log = LoggedRewards(tuple("abc"), customers, random.integers(0, 3, N), probability, reward, reward)
    target = np.eye(3)[random.integers(0, 3, N)] * 0.7 + np.eye(3)[random.integers(0, 3, N)] * 0.3
    return log, policy_terms(log, target, q_hat=random.normal(size=(N, 3)))


def counted(terms, times):
    rows = np.repeat(np.arange(N), times)
    return PolicyTerms(terms.weight[rows], terms.reward[rows], terms.expected[rows], terms.residual[rows])


@given(st.integers(0, 2**32 - 1).map(np.random.default_rng), st.integers(0, 9))
@settings(max_examples=40)
def test_an_interval_by_customer_is_that_of_the_estimator_over_each_customer_as_often_as_a_replicate_counts(
    random, seed
):
    log, terms = a_log_and_terms(random)
    lines = all_estimates(log, terms, replicates=N_REPLICATES, seed=seed)
    times = Replicates.of(np.eye(N), log.customer_id, replicates=N_REPLICATES, seed=seed).drawn.astype(int)
    assert lines.keys() == ESTIMATORS.keys()
    for name, estimator in ESTIMATORS.items():
        found, whole = lines[name], estimator(terms)
        assert found.independent == whole.interval()
        if whole.value is None:
            assert found.by_customer is None
            continue
        drawn = [value for each in times if (value := estimator(counted(terms, each)).value) is not None]
        expected = estimate(whole.value, np.array(drawn), 0.95)
        for end in ("value", "low", "high"):
            assert getattr(found.by_customer, end) == pytest.approx(getattr(expected, end), abs=1e-9)


def test_an_estimator_leans_on_the_model_whose_expectation_over_what_the_log_might_have_chosen_depends_on_it():
    probability, target = np.array([0.02, 0.28, 0.7]), np.array([0.5, 0.3, 0.2])
    reward, customers = np.array([3.0, 1.0, 2.0]), np.arange(3)
    every = LoggedRewards(tuple("abc"), customers, np.arange(3), np.tile(probability, (3, 1)), reward, reward)
    models = np.zeros(3), np.array([4.0, -2.0, 1.0])
    terms = [policy_terms(every, np.tile(target, (3, 1)), q_hat=np.tile(each, (3, 1))) for each in models]
    lines = all_estimates(every, terms[0], replicates=2)
    for name, term in TERMS.items():
        one, other = (probability @ term(each) for each in terms)
        assert lines[name].leans_on_model is bool(abs(one - other) > 1e-9)
