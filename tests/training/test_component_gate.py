"""The gate of models without a policy value."""

import numpy as np
import pytest

from decisioning.errors import InvalidInputError
from training.component_gate import judge_component
from training.metrics import log_losses

GENERATOR = np.random.default_rng(0)
TRUTH = GENERATOR.random(4000)
OBSERVED = (GENERATOR.random(4000) < TRUTH).astype(float)
GOOD, BASELINE = log_losses(OBSERVED, TRUTH), log_losses(OBSERVED, np.full(4000, 0.5))


def judged(losses, **rivals):
    return judge_component(losses, rivals, customers=np.arange(4000), margin=0.01, generator=np.random.default_rng(1))


def test_a_better_model_passes_against_champion_and_baseline():
    verdict = judged(GOOD, champion=log_losses(OBSERVED, TRUTH * 0.9 + 0.05), baseline=BASELINE)
    assert verdict.passed
    assert verdict.reasons[1].startswith("no worse than the baseline within 0.0100: extra loss -0.")


def test_the_champion_itself_passes():
    assert judged(GOOD, champion=GOOD).passed


def test_a_model_passes_from_the_upper_end_of_its_extra_loss_on_which_customers_hold_together():
    who, generator = np.arange(4000) // 4, np.random.default_rng(2)
    extra = generator.normal(0.1, 1.0, 1000)[who] + generator.normal(0.0, 0.1, 4000)
    means = extra.reshape(1000, 4).mean(axis=1)
    high = means.mean() + 1.96 * means.std() / np.sqrt(1000)

    def passes(margin):
        found = judge_component(
            extra, {"champion": np.zeros(4000)}, customers=who, margin=margin, generator=np.random.default_rng(1)
        )
        return found.passed

    assert passes(high + 0.01)
    assert not passes(high - 0.01)
    assert not passes(means.mean())


@pytest.mark.parametrize("spoiled", [1 - TRUTH, GENERATOR.permutation(TRUTH), np.full(4000, 1e-9)])
def test_a_spoiled_model_is_refused(spoiled):
    verdict = judged(log_losses(OBSERVED, spoiled), baseline=BASELINE)
    assert not verdict.passed
    assert verdict.reasons[0].startswith("not shown to be no worse than the baseline")


@pytest.mark.parametrize("order", [("champion", "baseline"), ("baseline", "champion")])
def test_a_model_that_is_worse_than_any_one_rival_is_refused(order):
    rivals = {"champion": GOOD - 0.1, "baseline": BASELINE}
    verdict = judged(GOOD, **{name: rivals[name] for name in order})
    assert not verdict.passed
    told = {name: reason.split(" worse than")[0] for name, reason in zip(order, verdict.reasons, strict=True)}
    assert told == {"champion": "not shown to be no", "baseline": "no"}


def test_an_extra_loss_of_just_the_margin_is_tolerable():
    verdict = judge_component(
        np.full(8, 0.25), {"champion": np.zeros(8)}, customers=np.arange(8), margin=0.25,
        generator=np.random.default_rng(0),
    )  # fmt: skip
    assert verdict.passed
    assert verdict.reasons[0].startswith("no worse than the champion within 0.250: extra loss +0.250 [")


@pytest.mark.parametrize("margin", [0.0, -0.01, float("nan")])
def test_a_margin_that_nothing_could_pass_is_refused(margin):
    with pytest.raises(InvalidInputError, match="within a margin above 0"):
        judge_component(
            GOOD, {"champion": GOOD}, customers=np.arange(4000), margin=margin, generator=np.random.default_rng(0)
        )


def test_a_comparison_of_nothing_is_refused():
    with pytest.raises(InvalidInputError, match=r"given 0 rows, 1 rivals, a margin of 0\.01"):
        judge_component(
            np.empty(0), {"champion": np.empty(0)}, customers=np.empty(0), margin=0.01,
            generator=np.random.default_rng(0),
        )  # fmt: skip
    with pytest.raises(InvalidInputError, match="given 4000 rows, 0 rivals"):
        judged(GOOD)
