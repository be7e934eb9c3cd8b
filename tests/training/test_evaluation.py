"""The table of policy values."""

import json
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from decisioning.errors import InvalidInputError, NotFoundError
from training.dataset import DecisionLogFrame
from training.evaluation import (
    CHAMPION,
    DOING_NOTHING,
    HINDSIGHT_CONSTANT,
    REGISTERED_CONSTANT,
    PolicyEvaluation,
    References,
    Settings,
    evaluate,
)
from training.evaluation_report import evaluation_json, policy_table
from training.policy import greedy, standard_policies
from training.reward_log import LoggedRewards

CONSTANTS = ("always card", "always loan")


def a_world(seed: int = 0, n: int = 6000):
    """Card pays 2 above nothing where the first feature is above 0 and costs 1 elsewhere; a loan pays 0.7 always."""
    generator = np.random.default_rng(seed)
    feature = generator.normal(size=n)
    truth = np.column_stack([np.zeros(n), np.where(feature > 0, 2.0, -1.0), np.full(n, 0.7)]) + 1
    probability = np.tile([0.2, 0.5, 0.3], (n, 1))
    chosen = (probability.cumsum(axis=1) < generator.random((n, 1))).sum(axis=1)
    reward = truth[np.arange(n), chosen] + generator.normal(size=n)
    customers = generator.integers(0, n // 2, size=n)
    log = LoggedRewards(("no_action", "card", "loan"), customers, chosen, probability, reward, reward.clip(max=4))
    return log, truth


def evaluated(log, truth, **references) -> PolicyEvaluation:
    policies = standard_policies(log) | {"candidate": greedy(log, truth)}
    named = References(constants=CONSTANTS, **references)
    return evaluate(
        log, policies, generator=np.random.default_rng(1), q_hat=truth * 0.9, references=named,
        settings=Settings(replicates=200),
    )  # fmt: skip


def test_every_estimator_agrees_with_the_truth_within_its_interval():
    log, truth = a_world()
    candidate = evaluated(log, truth).policies["candidate"].raw
    for found in (candidate.ips, candidate.snips, candidate.doubly_robust):
        assert found.low <= truth.max(axis=1).mean() <= found.high
        assert found.low <= found.value <= found.high


def test_the_logging_policy_is_worth_the_mean_reward_of_its_log():
    log, truth = a_world()
    row = evaluated(log, truth).policies["logging policy"]
    assert row.raw.ips.value == pytest.approx(log.reward.mean())
    assert row.raw.snips.value == pytest.approx(log.reward.mean())
    assert row.capped.ips.value == pytest.approx(log.capped_reward.mean())
    assert row.overlap.effective_sample_size == pytest.approx(6000)


def test_differences_are_paired_to_every_reference_and_zero_to_itself():
    log, truth = a_world()
    found = evaluated(log, truth, registered="always card", champion="uniform")
    assert found.references == {
        REGISTERED_CONSTANT: "always card",
        HINDSIGHT_CONSTANT: "always loan",
        DOING_NOTHING: "nothing",
        CHAMPION: "uniform",
    }
    own = found.policies["always card"].differences[REGISTERED_CONSTANT]
    assert (own.estimate.value, own.estimate.low, own.estimate.high, own.smallest_detectable) == (0, 0, 0, 0)
    gap = found.policies["candidate"].differences[HINDSIGHT_CONSTANT]
    values = found.policies["candidate"].capped.doubly_robust, found.policies["always loan"].capped.doubly_robust
    assert gap.estimate.value == pytest.approx(values[0].value - values[1].value)
    assert gap.estimate.high - gap.estimate.low < values[0].high - values[0].low + values[1].high - values[1].low


def test_the_same_generator_gives_the_same_table():
    log, truth = a_world(n=1000)
    assert evaluated(log, truth) == evaluated(log, truth)


def test_a_policy_that_no_decision_speaks_for_has_no_snips_and_is_unusable():
    log, _ = a_world(n=200)
    never = np.zeros((200, 3))
    never[np.arange(200), (log.chosen + 1) % 3] = 1.0
    row = evaluate(log, {"contrary": never}, generator=np.random.default_rng(0)).policies["contrary"]
    assert row.raw.snips is None
    assert not row.overlap.usable


def test_the_interval_of_the_paired_gain_covers_the_truth():
    covered = 0
    for seed in range(60):
        log, truth = a_world(seed, n=1200)
        gap = evaluated(log, truth, registered="always loan").policies["candidate"].differences[REGISTERED_CONSTANT]
        true_gain = np.minimum(truth, 3.9).max(axis=1).mean() - 1.7
        covered += gap.estimate.low - 0.05 <= true_gain <= gap.estimate.high + 0.05
    assert covered >= 54


def test_a_frame_of_the_ledgers_decisions_is_such_a_log():
    log, truth = a_world(n=300)
    words, flags = np.full(300, "web"), np.ones(300, dtype=bool)
    frame = DecisionLogFrame(
        actions=log.actions, decision_id=np.arange(300), customer_id=log.customer_id, decided_us=np.arange(300),
        ends_us=np.arange(300) + 1, channel=words, placement=words, arm=words, treatment=words, chosen=log.chosen,
        shown=flags, reward=log.reward, capped_reward=log.capped_reward, accepted=flags,
        eligible_probability=log.eligible_probability, listed=np.ones((300, 3), dtype=bool),
        converted=np.ones((300, 3), dtype=bool), features={},
    )  # fmt: skip
    assert evaluated(frame, truth) == evaluated(log, truth)


def test_an_empty_log_no_policies_and_unknown_references_are_refused():
    log, _ = a_world(n=50)
    with pytest.raises(InvalidInputError, match="nothing to evaluate: 50 decisions, 0 policies"):
        evaluate(log, {}, generator=np.random.default_rng(0))
    with pytest.raises(InvalidInputError, match="nothing to evaluate: 0 decisions"):
        evaluate(log.part(np.arange(0)), {"x": np.empty((0, 3))}, generator=np.random.default_rng(0))
    with pytest.raises(NotFoundError, match="champion is not among the policies: ghost; given: nothing"):
        evaluate(
            log, {"nothing": log.eligible_probability}, generator=np.random.default_rng(0),
            references=References(champion="ghost"),
        )  # fmt: skip


def test_the_table_and_its_json_show_every_policy():
    log, truth = a_world(n=1000)
    found = evaluated(log, truth, registered="always card")
    console = Console(width=250, record=True, file=StringIO())
    console.print(policy_table(found, currency="EUR"))
    text = console.export_text()
    assert "Policy values, EUR per decision: 1,000 decisions" in text
    assert all(name in text for name in found.policies)
    plain = json.loads(json.dumps(evaluation_json(found), allow_nan=False))
    assert plain["policies"]["candidate"]["differences"][DOING_NOTHING]["reference"] == "nothing"


def test_an_interval_of_a_high_confidence_reaches_further_than_four_hundred_replicates_could_say():
    log, truth = a_world(n=2000)
    wide, narrow = (
        evaluate(
            log, standard_policies(log), generator=np.random.default_rng(1), q_hat=truth,
            settings=Settings(confidence=confidence),
        ).policies["logging policy"].raw.ips
        for confidence in (0.999, 0.995)
    )  # fmt: skip
    assert wide.high - wide.low > 1.03 * (narrow.high - narrow.low)
