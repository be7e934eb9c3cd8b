"""A window beside the reference: nothing is found where nothing changed, and what was planted is found by its name."""

from dataclasses import replace
from math import sqrt

import numpy as np
import pytest
from response_world import a_frame, a_layout, truth_of

from decisioning.errors import ArtifactError
from features.monitoring import Monitoring
from training.bundle_policy import LogScores
from training.monitoring.calibration import Foreseen, calibration_over_time
from training.monitoring.rate import Rate, change_of, rate_of
from training.monitoring.reference import (
    reference_from_json,
    reference_in,
    reference_of,
    reference_to_json,
    report_of,
    without_scores,
)
from training.monitoring.served import Served
from training.monitoring.skew import skew_of
from training.monitoring.watch import Window, compare, foreseen_of

ENCODER = a_layout().features
BUNDLE = "b" * 16


def propensity(frame):
    x = np.column_stack([frame.features[f"x{i}"] for i in range(6)])
    return truth_of(x).shown


def a_reference(seed=1):
    frame = a_frame(6000, seed=seed)
    scores = np.hstack([propensity(frame), np.full((len(frame), 1), np.nan)])
    return reference_of(frame, ENCODER, judged=frame, scores=LogScores(scores, scores, scores))


def a_window(seed=2, *, n=4000, bundle=BUNDLE, **planted):
    frame = replace(a_frame(n, seed=seed), **planted)
    served = Served(
        decision_id=frame.decision_id,
        customer_id=frame.customer_id,
        decided_us=frame.decided_us,
        bundle=np.full(n, bundle, dtype=object),
        degraded=np.full(n, "", dtype=object),
        features={name: column.astype(object) for name, column in frame.features.items()},
        actions=("card", "dog"),
        propensity=propensity(frame),
    )
    return Window(served, frame, {BUNDLE})


def found(window, reference=None, **settings):
    return compare(reference or a_reference(), window, ENCODER, Monitoring(**settings)).findings


def names(findings):
    return {(each.what, each.where.split(" since")[0]) for each in findings}


def test_of_200_windows_of_a_world_that_did_not_change_no_more_find_anything_than_is_stated():
    reference = a_reference()
    loud = {"psi": 1e-9, "nulls": 1e-9, "rate_change": 1e-9, "calibration": 1e-9, "false_alarms": 0.05}
    alarms = sum(bool(found(a_window(seed, n=1500), reference, **loud)) for seed in range(100, 300))
    assert alarms <= 200 * 0.05 + 2 * sqrt(200 * 0.05 * 0.95)


def test_a_world_that_did_not_change_is_measured_and_nothing_is_found():
    compared = compare(a_reference(), a_window(), ENCODER, Monitoring())
    assert compared.findings == []
    assert set(compared.features) == set(compared.nulls) == {column.name for column in ENCODER.columns}
    assert set(compared.scores) == set(compared.rates) == {"card", "dog"}
    assert [block.n > 500 for block in compared.calibration] == [True] * 4
    assert compared.false_alarms == 0.01 / (2 * 7 + 2 + 2 + 4)


def test_a_feature_that_moved_is_found_by_its_name():
    window = a_window()
    window.served.features["x4"][:] = window.served.features["x4"] + 1.0
    (finding,) = found(window)
    assert (finding.what, finding.where, finding.remedy) == ("drift", "feature x4", "retrain")
    assert finding.how_much.startswith("PSI ")
    assert "6,000 decisions" in finding.reference


def test_a_feature_that_went_missing_is_for_a_person_to_look_at():
    window = a_window()
    window.served.features["x3"][::2] = None
    (finding,) = found(window)
    assert (finding.what, finding.where, finding.remedy) == ("missing values", "feature x3", "look")


def test_scores_of_every_bundle_of_the_champions_order_are_its_own():
    window = a_window(bundle="c" * 16)
    alone, both = (replace(window, bundles=bundles) for bundles in ({BUNDLE}, {BUNDLE, "c" * 16}))
    assert [len(foreseen_of(each).came) > 0 for each in (alone, both)] == [False, True]
    assert [list(compare(a_reference(), each, ENCODER, Monitoring()).scores) for each in (alone, both)] == [
        [],
        ["card", "dog"],
    ]


def test_scores_that_moved_are_found_and_those_of_another_bundle_say_nothing():
    for bundle, wanted in ((BUNDLE, {("drift", "propensity of card")}), ("c" * 16, set())):
        window = a_window(bundle=bundle)
        window.served.propensity[:, 0] = window.served.propensity[:, 0] ** 0.3
        assert {each for each in names(found(window)) if each[0] == "drift"} == wanted


def test_an_action_that_is_accepted_half_as_often_is_found_and_so_is_the_calibration_that_is_off():
    frame = a_frame(4000, seed=2)
    halved = frame.accepted & (np.random.default_rng(5).random(4000) < 0.5)
    assert names(found(a_window(accepted=halved))) == {
        ("acceptance", "card"),
        ("acceptance", "dog"),
        ("calibration", "decisions"),
    }


def test_a_policy_that_aims_better_is_not_mistaken_for_a_world_that_changed():
    """It shows to those who accept; the rate among those that were shown it rises, that of the action does not."""
    n = 20_000
    frame = a_frame(n, seed=6)
    truth, rng = propensity(frame), np.random.default_rng(7)
    chance = np.where(truth[:, [0]] > np.median(truth[:, 0]), [0.8, 0.1, 0.1], [0.1, 0.45, 0.45])
    chosen = (rng.random(n)[:, None] > chance.cumsum(axis=1)).sum(axis=1)
    accepted = rng.random(n) < np.hstack([truth, np.zeros((n, 1))])[np.arange(n), chosen]
    planted = {"chosen": chosen, "shown": chosen < 2, "accepted": accepted, "eligible_probability": chance}
    window = a_window(seed=6, n=n, **planted)
    compared = compare(a_reference(), window, ENCODER, Monitoring())
    plain = accepted[chosen == 0].mean()
    assert plain > 1.2 * compared.rates["card"].before.value
    assert compared.rates["card"].now.value == pytest.approx(compared.rates["card"].before.value, rel=0.1)
    assert compared.findings == []


def test_degraded_decisions_are_counted_and_their_features_compared_with_nothing():
    window = a_window()
    window.served.degraded[:400] = "stale:profile"
    window.served.features["x1"][:400] = None
    (finding,) = found(window)
    assert (finding.what, finding.where, finding.how_much) == ("degraded", "stale:profile", "10.0% of the decisions")


def test_an_empty_window_says_nothing():
    window = a_window()
    nobody = np.zeros(0, dtype=np.int64)
    assert found(Window(window.served.take(nobody), window.mature.take(nobody), {BUNDLE})) == []


def test_a_reference_reads_back_equal_and_a_bad_one_is_refused():
    reference = a_reference()
    assert reference_from_json(reference_to_json(reference)) == reference
    assert reference_in({"report": report_of(reference)}) == reference
    assert reference_in({"report": None}) is None
    assert reference_in({"report": without_scores(report_of(reference))}).scores == {}
    with pytest.raises(ArtifactError, match="reference cannot be used"):
        reference_from_json({"features": {}})


def test_the_error_of_a_weighted_rate_is_that_of_many_drawn_logs():
    def drawn(seed):
        rng = np.random.default_rng(seed)
        level = np.repeat(rng.random(200), 5)
        weights = rng.choice([1.0, 4.0], 1000)
        return rate_of((rng.random(1000) < level).astype(float), weights, np.repeat(np.arange(200), 5).astype(object))

    rates = [drawn(seed) for seed in range(300)]
    assert np.mean([rate.error for rate in rates]) == pytest.approx(np.std([rate.value for rate in rates]), rel=0.12)


def of_hits(hits, n):
    return rate_of((np.arange(n) < hits).astype(float), np.ones(n), np.arange(n).astype(object))


@pytest.mark.parametrize(("before", "now"), [(0, 5000), (10_000, 5000), (0, 20), (5000, 0), (5000, 10_000)])
def test_a_rate_that_was_or_is_none_or_all_is_found_to_have_changed(before, now):
    assert change_of(of_hits(before, 10_000), of_hits(now, 10_000), worth=0.1, false_alarms=0.001).moved


@pytest.mark.parametrize("hits", [0, 4, 9_996, 10_000])
def test_of_a_rate_that_is_next_to_none_or_all_nothing_is_said(hits):
    assert change_of(of_hits(hits, 10_000), of_hits(hits, 10_000), worth=0.1, false_alarms=0.001) is None


@pytest.mark.parametrize("sizes", [(6000, 500), (500, 6000), (10_000, 1500), (10_000, 10_000)])
@pytest.mark.parametrize("p", [0.002, 0.01, 0.99, 0.2])
def test_of_4000_windows_of_one_rate_however_rare_no_more_have_changed_than_is_stated(sizes, p):
    pairs = np.random.default_rng(11).binomial(sizes, p, (4000, 2)).tolist()
    found = [change_of(*map(plain_rate, pair, sizes), worth=1e-9, false_alarms=0.01) for pair in pairs]
    alarms = sum(each is not None and each.moved for each in found)
    assert alarms <= 4000 * 0.01 + 2 * sqrt(4000 * 0.01 * 0.99)


def plain_rate(hits, n):
    """As `rate_of` says of decisions of one weight, each of a customer of its own."""
    value, least = hits / n, (hits + 0.5) / (n + 1)
    variance = max(value * (1 - value) / (n - 1), least * (1 - least) / n)
    return Rate(value, sqrt(variance), least * (1 - least) / variance)


def test_a_rate_of_plain_decisions_is_the_plain_rate():
    for hits in (0, 3, 400):
        rate, plain = of_hits(hits, 1000), plain_rate(hits, 1000)
        assert (rate.value, rate.error, rate.n) == pytest.approx((plain.value, plain.error, plain.n))


def test_however_many_decisions_of_one_customer_are_worth_one():
    hits, nobody_else = np.arange(1000) % 2 == 0, np.full(1000, "a", dtype=object)
    rate = rate_of(hits.astype(float), np.ones(1000), nobody_else)
    assert rate.n == 1
    assert change_of(of_hits(400, 1000), rate, worth=1e-9, false_alarms=0.01) is None


def test_a_change_of_the_size_that_is_called_detectable_is_found_as_often_as_stated():
    rng, n, customers = np.random.default_rng(8), 4000, np.arange(4000).astype(object)

    def rate(p):
        return rate_of((rng.random(n) < p).astype(float), np.ones(n), customers)

    least = np.mean([change_of(rate(0.2), rate(0.2), worth=0.1, false_alarms=0.01).detectable for _ in range(20)])
    moved = [change_of(rate(0.2), rate(0.2 + least), worth=0.1, false_alarms=0.01).moved for _ in range(200)]
    assert sum(moved) >= 200 * 0.8 - 2 * sqrt(200 * 0.8 * 0.2)


def test_calibration_is_told_block_by_block_in_order_of_time():
    n = 4000
    rng = np.random.default_rng(9)
    p = rng.uniform(0.05, 0.4, n)
    drifting = p * np.linspace(1.0, 2.0, n)
    foreseen = Foreseen(p, (rng.random(n) < drifting).astype(float), np.arange(n).astype(object), np.arange(n))
    blocks = calibration_over_time(foreseen)
    gaps = [block.came / block.predicted for block in blocks]
    assert gaps == sorted(gaps)
    assert [block.off(worth=0.25, false_alarms=0.001) for block in blocks][::3] == [False, True]


def test_skew_is_counted_by_feature_and_what_was_withheld_says_nothing():
    logged = {"age": np.array([1.0, np.nan, 3.0, 4.0]), "tier": np.array(["a", None, "b", None], dtype=object)}
    offline = {"age": np.array([1.0 + 1e-12, np.nan, 4.0, 4.0]), "tier": np.array(["a", None, "b", "c"], dtype=object)}
    withheld = {"age": np.zeros(4, dtype=bool), "tier": np.array([False, False, False, True])}
    skew = skew_of(logged, offline, withheld=withheld)
    assert (skew.n_decisions, skew.n_values, skew.differing) == (4, 7, {"age": 1})
    assert skew.equal == pytest.approx(6 / 7)
    assert skew_of({}, {}, withheld={}).equal == 1.0


def test_what_is_over_and_was_decided_before_the_window_tells_of_calibration_all_the_same():
    whole = a_window()
    latest = replace(whole, served=whole.served.take(np.arange(3_900, 4_000)), scored=whole.served)
    blocks = [compare(a_reference(), window, ENCODER, Monitoring()).calibration for window in (whole, latest)]
    assert blocks[0] == blocks[1]
    assert sum(block.n for block in blocks[0]) > 1_000
