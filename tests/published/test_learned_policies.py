"""What the system would serve on public randomised data (quality.md, A and B): short forms of the benchmarks."""

import numpy as np
import pytest
from offers_data import data_folder

from benchmarks.heterogeneity import one
from benchmarks.hillstrom import cross_fitted
from benchmarks.public_logs import coffee, hillstrom
from training.encoding import FeatureColumn
from training.evaluation import HINDSIGHT_CONSTANT, References, evaluate
from training.policy import constant_name
from training.uplift.contest import Care
from training.uplift.fitting import fit_policy, references
from training.uplift.suspicion import check_context

DISCOUNT = "discount $2 off $10, 10 days"
SHORT = Care(folds=2, bags=1)


@pytest.fixture(scope="module")
def offers():
    whole = coffee(data_folder("starbucks-offers"))
    return whole.part(whole.log.customer_id % 4 == 0)


def test_on_coffee_the_best_constant_offer_serves_at_most_ten_cents_below_itself(offers):
    fitted = fit_policy(offers.lesson, offers.log, when=offers.wave.astype(float), care=SHORT)
    served = fitted.rule.choose(offers.context[offers.wave > 4])
    assert {offers.log.actions[column] for column in served} == {DISCOUNT}
    assert fitted.gain.value >= -0.10
    assert not fitted.adopted
    assert any(constant_name(DISCOUNT) in reason for reason in fitted.verdict.reasons)


def test_a_context_that_was_known_before_the_waves_is_no_suspect(offers):
    columns = [FeatureColumn(f"column {place}") for place in range(offers.context.shape[1])]
    check_context(offers.log, offers.context, columns)


@pytest.mark.parametrize("outcome", ["visit", "conversion", "spend"])
def test_on_hillstrom_what_serves_is_not_below_the_best_constant_mail(outcome):
    whole = hillstrom(data_folder("hillstrom"), outcome)
    some = whole.part(np.arange(len(whole.wave)) % 8 == 0)
    served = cross_fitted(some, SHORT)
    found = evaluate(
        some.log,
        references(some.log) | {"served": served.policy},
        generator=np.random.default_rng(0),
        q_hat=served.q_hat,
        references=References(tuple(map(constant_name, some.log.actions)), nothing="always no_action"),
    )
    assert found.policies["served"].differences[HINDSIGHT_CONSTANT].estimate.high >= 0


def test_shuffled_arms_teach_nothing(offers):
    mails = hillstrom(data_folder("hillstrom"), "visit")
    for log in (offers, mails.part(np.arange(len(mails.wave)) % 4 == 0)):
        placebo = log.shuffled(3)
        assert np.bincount(placebo.log.chosen).tolist() == np.bincount(log.log.chosen).tolist()
        assert not fit_policy(placebo.lesson, placebo.log, care=SHORT).adopted


def test_real_heterogeneity_is_adopted_and_most_of_it_earned():
    row = one(1, n=8_000)
    assert row["adopted"] == "yes"
    assert float(row["of the attainable"]) > 0.6
