"""The gate's bounds: calibration, segments, latency and size; each refuses what is planted and little else."""

import re
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from response_world import a_frame, a_layout
from scipy.stats import norm

from decisioning.errors import InvalidInputError
from decisioning.ports import Scores
from features.feature_set import FeatureSet
from features.standard import STANDARD_FEATURES
from features.workspace import Gate
from pipelines.gate_bounds import check_declared
from training.constant import ConstantBundle, constant_entries
from training.gate_bounds import calibration_check, latency_check, size_check
from training.gate_slices import fairness_check, harm_check, segments
from training.metrics import calibration_error, calibration_floor
from training.promotion import Check, judge
from training.reward_log import LoggedRewards

N = 6_000
HAIR = 1e-9


def probabilities(seed, n=N):
    generator = np.random.default_rng(seed)
    p = generator.uniform(0.05, 0.6, n)
    return p, (generator.random(n) < p).astype(float)


def test_true_probabilities_are_calibrated_in_twenty_of_twenty_logs():
    assert all(calibration_check(*probabilities(seed), most=0.02).passed for seed in range(20))


def test_probabilities_that_are_half_too_high_are_refused_with_their_error():
    p, observed = probabilities(1)
    check = calibration_check(np.minimum(p * 1.5, 1.0), observed, most=0.05)
    assert (check.passed, check.role) == (False, "calibration")
    assert "not calibrated on 6,000 later rows: error 0.1" in check.reason


def test_a_calibration_error_may_be_above_a_perfect_models_by_the_bound_and_no_more():
    p, observed = probabilities(1)
    said = np.minimum(p * 1.5, 1.0)
    over = calibration_error(observed, said) - calibration_floor(said)
    assert calibration_check(said, observed, most=over + HAIR).passed
    assert not calibration_check(said, observed, most=over - HAIR).passed


def test_where_nothing_was_shown_calibration_is_not_told():
    assert calibration_check(np.zeros(0), np.zeros(0), most=0.01).passed


def a_log(seed, harm):
    """Two arms; the second loses `harm` for the segment `b` and is as good as the first elsewhere."""
    generator = np.random.default_rng(seed)
    chosen = generator.integers(0, 2, N)
    segment = generator.choice(["a", "b", None], N)
    reward = generator.normal(1.0, 1.0, N) - harm * ((chosen == 1) & (segment == "b"))
    half = np.full((N, 2), 0.5)
    log = LoggedRewards(("now", "new"), generator.integers(0, N // 3, N), chosen, half, reward, reward)
    return log, {"segment": segment, "other": generator.choice(list("uvwxyz"), N)}


def harmed(seed, harm, tolerance=0.0):
    log, features = a_log(seed, harm)
    now, new = (np.tile(np.eye(2)[arm], (N, 1)) for arm in (0, 1))
    found = segments(features, ["segment", "other"])
    assert len(found) == 9
    return harm_check(log, (new, now), found, q_hat=None, tolerance=tolerance, confidence=0.95)


def test_a_segment_that_loses_is_named_in_nineteen_of_twenty_logs():
    checks = [harmed(seed, harm=0.5) for seed in range(20)]
    named = [not check.passed and "segment = b: -0." in check.reason for check in checks]
    assert sum(named) >= 19


def test_of_twenty_harmless_bundles_at_most_two_are_refused_for_a_segment():
    assert sum(not harmed(seed, harm=0.0).passed for seed in range(20)) <= 2


def test_a_loss_within_the_tolerance_passes():
    assert not harmed(3, harm=0.5).passed
    assert harmed(3, harm=0.5, tolerance=1.0).passed


@pytest.mark.parametrize(("confidence", "n_found"), [(0.9, 9), (0.95, 9), (0.95, 1)])
def test_a_segment_may_lose_up_to_the_upper_end_of_its_own_interval_whose_confidence_all_share(confidence, n_found):
    log, features = a_log(3, harm=0.5)
    log = replace(log, reward=log.reward * 100.0)
    now, new = (np.tile(np.eye(2)[arm], (N, 1)) for arm in (0, 1))
    found = [each for each in segments(features, ["other", "segment"]) if n_found > 1 or each.word == "b"]
    gain = np.where(log.chosen == 1, 1.0, -1.0) * log.capped_reward / 0.5
    highs = {}
    for each in found:
        own, who = gain[each.rows], log.customer_id[each.rows]
        per_customer = pd.Series(own - own.mean()).groupby(who).sum()
        error = np.sqrt((per_customer**2).sum() * len(per_customer) / (len(per_customer) - 1)) / len(own)
        reach = norm.ppf(1 - (1 - confidence) / len(found) / 2) * error
        highs[str(each)] = (own.mean() + reach, own.mean() - reach)
    worst, low = min(highs.values())
    assert worst < 0
    judged = {
        off: harm_check(log, (new, now), found, q_hat=None, tolerance=off - worst, confidence=confidence)
        for off in (HAIR, -HAIR)
    }
    assert judged[HAIR].passed
    assert not judged[-HAIR].passed
    assert judged[-HAIR].low == pytest.approx(low)
    assert judged[HAIR].reason == f"no segment of {n_found} is shown to be worse off"


def test_of_several_segments_that_lose_the_check_tells_the_lowest_end_and_names_each():
    log, features = a_log(3, harm=3.0)
    now, new = (np.tile(np.eye(2)[arm], (N, 1)) for arm in (0, 1))
    found = segments(features, ["segment", "other"])
    check = harm_check(log, (new, now), found, q_hat=None, tolerance=0.0, confidence=0.95)
    told = re.findall(r"(\w+ = \w+): \S+ \[(\S+),", check.reason)
    assert len(told) > 1
    assert check.low == pytest.approx(min(float(low) for _, low in told), abs=0.01)


def test_of_segments_that_are_all_too_small_nothing_is_said_and_that_is_said():
    log, _ = a_log(3, harm=0.5)
    even = np.full((N, 2), 0.5)
    p, observed = probabilities(2)
    harm = harm_check(log, (even, even), [], q_hat=None, tolerance=0.0, confidence=0.95)
    fair = fairness_check(p, observed, [], most=0.0, confidence=0.95)
    told = "of no declared segment there are 200 decisions: nothing is known of how they fare"
    assert [(each.passed, each.reason) for each in (harm, fair)] == [(True, told)] * 2


@pytest.mark.parametrize("shift", [0.1, -0.04])
@pytest.mark.parametrize("n_segments", [1, 4])
def test_a_protected_mean_may_be_off_by_the_bound_and_the_noise_of_true_probabilities(n_segments, shift):
    p, observed = probabilities(2)
    found = segments({"group": np.array(["abcd"[at % n_segments] for at in range(N)], dtype=object)}, ["group"])
    said = p + shift
    gaps = [abs((said[each.rows] - observed[each.rows]).mean()) for each in found]
    noises = [np.sqrt((said[each.rows] * (1 - said[each.rows])).sum()) / each.rows.sum() for each in found]
    reach = norm.ppf(1 - 0.05 / (2 * n_segments))
    most = max(gap - reach * noise for gap, noise in zip(gaps, noises, strict=True))
    assert most > 0
    for sign in (1, -1):
        right = fairness_check(said, observed, found, most=most + sign * HAIR, confidence=0.95)
        assert right.passed is (sign == 1)


def test_a_segment_too_small_to_tell_is_not_judged():
    rare = np.array(["rare"] * 199 + ["usual"] * 400, dtype=object)
    assert [str(each) for each in segments({"word": rare}, ["word"])] == ["word = usual"]


def test_a_segment_of_as_many_as_needed_is_judged_and_what_is_missing_is_one_segment_however_it_is_missing():
    words = ["rare"] * 200 + [None, float("nan")] * 100
    found = segments({"word": np.array(words, dtype=object)}, ["word"])
    assert [(str(each), each.rows.sum()) for each in found] == [("word = missing", 200), ("word = rare", 200)]
    assert found[1].rows.tolist() == [word == "rare" for word in words]


def test_a_protected_segment_with_wrong_probabilities_is_refused_and_true_ones_pass():
    p, observed = probabilities(2)
    groups = np.where(np.arange(N) % 3 == 0, "one", "two").astype(object)
    found = segments({"gender": groups}, ["gender"])
    assert fairness_check(p, observed, found, most=0.01, confidence=0.95).passed
    wrong = fairness_check(np.where(groups == "one", p + 0.1, p), observed, found, most=0.01, confidence=0.95)
    assert not wrong.passed
    assert re.search(r"gender = one: \+0\.(09|1)", wrong.reason)
    assert "two" not in wrong.reason


class Slow:
    """A scorer that burns two milliseconds of CPU."""

    version = "slow"

    def score(self, features, candidates):
        end = time.process_time() + 0.002
        while time.process_time() < end:
            pass
        return Scores(np.zeros(1), np.zeros(1))

    def explain(self, features, candidate):
        return ()


def test_a_scorer_that_takes_too_long_is_refused_with_its_time():
    candidates = [entry.candidate() for entry in a_layout().actions.entries]
    quick = ConstantBundle("", "c", constant_entries(a_frame(500)))
    assert latency_check(quick, [{}], candidates, most_ms=1.0).passed
    slow = latency_check(Slow(), [{}], candidates, most_ms=1.0)
    assert not slow.passed
    assert "takes too long to score 2 candidates for one customer: 2." in slow.reason


class Pondering(Slow):
    """Burns as much again to foresee."""

    def foresee(self, features):
        self.score(features, [])
        return {"churn": 0.5}


def test_what_a_scorer_foresees_is_timed_with_its_scores():
    candidates = [entry.candidate() for entry in a_layout().actions.entries]
    assert latency_check(Slow(), [{}], candidates, most_ms=3.9).passed
    assert not latency_check(Pondering(), [{}], candidates, most_ms=3.9).passed


def test_a_scorer_is_timed_for_one_customer_however_many_are_made_up():
    candidates = [entry.candidate() for entry in a_layout().actions.entries]
    assert latency_check(Slow(), [{}] * 4, candidates, most_ms=3.5).passed
    assert latency_check(Slow(), [], candidates, most_ms=0.5).passed


@pytest.mark.parametrize(("allowed", "passed"), [(0.5, False), (1.0, True), (2.0, True)])
def test_the_files_of_a_bundle_are_bounded_together(tmp_path, allowed, passed):
    for name in "ab":
        (tmp_path / name).write_bytes(b"\0" * 512 * 1024)
    check = size_check(tmp_path, most_mib=allowed)
    assert check.passed is passed
    assert "1.00 MiB" in check.reason


def test_one_bound_that_is_not_kept_refuses_a_bundle_that_earns_more():
    from test_promotion import an_evaluation

    broken = Check("calibration", passed=False, reason="not calibrated")
    verdict = judge(an_evaluation(), bounds=[Check("size", passed=True, reason="small"), broken])
    assert (verdict.promoted, verdict.serve) == (False, "constant")
    assert "not calibrated" in verdict.reasons
    assert judge(an_evaluation(), bounds=[Check("size", passed=True, reason="small")]).promoted


def test_a_misspelt_segment_is_refused_with_its_setting_and_the_nearest_there_are():
    with pytest.raises(InvalidInputError, match=r"gate\.slices: 'contry' is no category feature; nearest are: country"):
        check_declared(Gate(slices=("contry",)), FeatureSet(STANDARD_FEATURES))


def test_a_declared_segment_that_is_no_category_is_refused_with_those_that_are():
    features, gate = FeatureSet(STANDARD_FEATURES), Gate(slices=("country",), protected=("age_years",))
    with pytest.raises(InvalidInputError, match=r"'age_years' is no category feature; allowed: .*country") as raised:
        check_declared(gate, features)
    assert raised.value.field == "gate.protected"
    check_declared(Gate(slices=("country",)), features)
