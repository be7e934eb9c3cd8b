"""The gate."""

from dataclasses import replace

import numpy as np
import pytest

from decisioning.errors import InvalidInputError, NotFoundError
from training.bootstrap import Estimate
from training.evaluation import (
    CHAMPION,
    DOING_NOTHING,
    HINDSIGHT_CONSTANT,
    REGISTERED_CONSTANT,
    Difference,
    PolicyEvaluation,
    PolicyValue,
    References,
    Values,
    evaluate,
)
from training.overlap import Overlap
from training.policy import greedy, standard_policies
from training.promotion import SAME_ORDER, judge
from training.reward_log import LoggedRewards

BY_CONSTANT = {REGISTERED_CONSTANT: "always card", HINDSIGHT_CONSTANT: "always loan", DOING_NOTHING: "nothing"}


def an_evaluation(problems=(), **lows: float) -> PolicyEvaluation:
    """A candidate whose gains have the given lower bounds, each ± 1; a champion serves where one is named."""
    of = {"registered": REGISTERED_CONSTANT, "hindsight": HINDSIGHT_CONSTANT, "nothing": DOING_NOTHING,
          "champion": CHAMPION}  # fmt: skip
    given = {"registered": 0.5, "hindsight": 0.4, "nothing": 2.0} | lows
    references = BY_CONSTANT | ({CHAMPION: "champion"} if "champion" in given else {})
    differences = {
        of[key]: Difference(references[of[key]], Estimate(low + 1, low, low + 2), 1.4) for key, low in given.items()
    }
    value = Estimate(5.0, 4.0, 6.0)
    values = Values(value, value, value)
    covered = Overlap(1000, 400.0, 3.0, 1.0, 0.0, tuple(problems))
    return PolicyEvaluation(
        1000, 700, 0.95, 400, references, {"candidate": PolicyValue(values, values, covered, differences)}
    )


def test_a_candidate_better_than_the_best_constants_and_nothing_is_promoted():
    verdict = judge(an_evaluation())
    assert verdict.promoted
    assert verdict.serve == "candidate"
    assert verdict.reasons[-1] == "promoted: the candidate serves"
    assert (
        "better than the best constant action of the training part (always card): +1.50 [+0.50, +2.50] per decision"
    ) in verdict.reasons


@pytest.mark.parametrize("weak", ["registered", "hindsight", "nothing"])
def test_a_lower_bound_of_zero_anywhere_is_refused_and_the_best_constant_serves(weak):
    verdict = judge(an_evaluation(**{weak: 0.0}))
    assert not verdict.promoted
    assert verdict.serve == "constant"
    assert verdict.constant == "always card"
    assert sum(not check.passed for check in verdict.checks) == 1
    assert "no bundle serves: the best constant action (always card) serves with exploration" in verdict.reasons[-1]


def test_a_refusal_says_what_would_likely_go_unseen():
    reasons = judge(an_evaluation(hindsight=-0.7)).reasons
    assert (
        "not shown to be better than the best constant action of the evaluated part (always loan): "
        "+0.30 [-0.70, +1.30] per decision; an effect below 1.40 would likely go unseen"
    ) in reasons


def test_a_constant_that_is_best_on_both_parts_is_named_once():
    found = an_evaluation()
    row = found.policies["candidate"]
    same = row.differences | {HINDSIGHT_CONSTANT: row.differences[REGISTERED_CONSTANT]}
    verdict = judge(replace(found, policies={"candidate": replace(row, differences=same)}))
    assert [check.role for check in verdict.checks] == ["overlap", REGISTERED_CONSTANT, DOING_NOTHING]


def test_where_the_log_never_did_nothing_the_constants_alone_have_to_be_beaten():
    found = an_evaluation()
    row = found.policies["candidate"]
    known = {role: gap for role, gap in row.differences.items() if role != DOING_NOTHING}
    verdict = judge(replace(found, policies={"candidate": replace(row, differences=known)}))
    assert verdict.promoted
    assert [check.role for check in verdict.checks] == ["overlap", REGISTERED_CONSTANT, HINDSIGHT_CONSTANT]


def test_where_a_champion_serves_a_refusal_keeps_it():
    verdict = judge(an_evaluation(nothing=-1.0, champion=0.2))
    assert (verdict.promoted, verdict.serve) == (False, "champion")
    assert verdict.reasons[-1] == "refused: the champion stays"


def a_refusal(*, low, problems=(), champions=()):
    """A refused candidate beside a champion, to which the same order for all has a gain of this lower bound, ± 1."""
    found = an_evaluation(nothing=-1.0, champion=0.2)
    row = found.policies["candidate"]
    gap = Difference("champion", Estimate(low + 1, low, low + 2), 1.4)
    ordered = replace(row, differences={CHAMPION: gap}, overlap=replace(row.overlap, problems=tuple(problems)))
    its = replace(row, overlap=replace(row.overlap, problems=tuple(champions)))
    return replace(found, policies={**found.policies, SAME_ORDER: ordered, "champion": its})


@pytest.mark.parametrize(("low", "serves"), [(0.01, "constant"), (0.0, "champion"), (-0.1, "champion")])
def test_a_champion_gives_way_to_one_order_for_all_that_is_shown_to_be_better(low, serves):
    verdict = judge(a_refusal(low=low), margin=1.0)
    assert (verdict.promoted, verdict.serve) == (False, serves)
    told = {
        "constant": "refused, and the champion is worse than the same order for all, by +1.01 [+0.01, +2.01] per "
        "decision: the best constant action (always card) serves with exploration",
        "champion": "refused: the champion stays",
    }
    assert verdict.reasons[-1] == told[serves]


@pytest.mark.parametrize("unknown", ["problems", "champions"])
def test_where_the_log_cannot_tell_what_either_is_worth_the_champion_stays(unknown):
    found = a_refusal(low=3.0, **{unknown: ["effective sample of 2 in 1,000 decisions; 100 needed"]})
    assert judge(found).serve == "champion"


def test_a_candidate_that_may_serve_does_whatever_one_order_for_all_is_worth():
    found = a_refusal(low=3.0)
    better = an_evaluation(champion=0.2).policies["candidate"]
    assert judge(replace(found, policies={**found.policies, "candidate": better})).serve == "candidate"


@pytest.mark.parametrize(("low", "margin", "promoted"), [(0, 0, True), (-0.1, 0, False), (-0.1, 0.1, True)])
def test_a_candidate_may_be_worse_than_the_champion_by_the_margin_at_most(low, margin, promoted):
    assert judge(an_evaluation(champion=low), margin=margin).promoted is promoted


def test_a_log_that_cannot_tell_refuses_whatever_the_gains():
    verdict = judge(an_evaluation(problems=["effective sample of 2 in 1,000 decisions; 100 needed"]))
    assert not verdict.promoted
    assert verdict.reasons[0] == "the log cannot tell: effective sample of 2 in 1,000 decisions; 100 needed"


def test_a_question_the_gate_cannot_answer_is_refused():
    found = an_evaluation()
    with pytest.raises(NotFoundError, match="no such policy: ghost; evaluated: candidate"):
        judge(found, candidate="ghost")
    with pytest.raises(InvalidInputError, match=r"margin must be 0 or more, given -1"):
        judge(found, margin=-1.0)
    with pytest.raises(InvalidInputError, match="references: champion"):
        judge(replace(found, references={CHAMPION: "champion"}))


def gated(*, planted: bool, seed: int = 0, n: int = 6000):
    generator = np.random.default_rng(seed)
    taste = generator.normal(size=n)
    truth = np.column_stack([np.zeros(n), 1 + planted * 2 * taste, np.full(n, 0.8)])
    chosen = generator.integers(0, 3, size=n)
    reward = truth[np.arange(n), chosen] + generator.normal(size=n) * 2
    log = LoggedRewards(("no_action", "card", "loan"), np.arange(n), chosen, np.full((n, 3), 1 / 3), reward, reward)
    guess = np.column_stack([np.zeros(n), 1 + 2 * taste, np.full(n, 0.8)])
    policies = standard_policies(log) | {"candidate": greedy(log, guess)}
    references = References(constants=("always card", "always loan"), registered="always card")
    return judge(evaluate(log, policies, generator=generator, references=references))


def test_real_heterogeneity_is_adopted_and_imagined_heterogeneity_is_not():
    assert gated(planted=True).promoted
    assert not gated(planted=False).promoted
