from dataclasses import replace

import numpy as np
import pytest
from response_world import a_frame, a_layout, truth_of
from whole_evidence import evidence_of

from builders import an_action
from decisioning.action import Conversion, Treatment
from decisioning.errors import InvalidInputError
from decisioning.ports import Candidate
from training.bundle import PolicyBundle
from training.bundle_json import bundle_to_json
from training.constant import ConstantBundle, constant_entries
from training.dataset import split_by_time
from training.exposure import evidence_by_time
from training.propensity import fit_propensity
from training.shrinkage import EffectRows, Shrinkage, fit_shrinkage
from training.tuning import Search

SEARCH = Search(trials=4, seed=7)
LAYOUT = a_layout()
CANDIDATES = [entry.candidate() for entry in LAYOUT.actions.entries]


def fit(frame, layout=LAYOUT):
    parts = split_by_time(frame, validation_share=0.25, evaluation_share=0.25)
    train, validation = evidence_by_time(parts, layout, seed=1)
    return *fit_propensity(train, validation, layout=layout, search=SEARCH), parts.evaluation


@pytest.fixture(scope="module")
def fitted():
    return fit(a_frame())


@pytest.fixture(scope="module")
def bundle(fitted):
    return PolicyBundle("v", "c", fitted[0])


def test_uplift_finds_the_sleeping_dogs(bundle, fitted):
    later = fitted[2]
    x = np.column_stack([later.features[f"x{i}"] for i in range(6)])
    truth = truth_of(x)
    uplift = bundle.score_matrix(bundle.encode(later.features, n_rows=len(later)), CANDIDATES).uplift
    assert np.corrcoef(uplift[:, 1], (truth.shown - truth.not_shown)[:, 1])[0, 1] > 0.85
    assert uplift[x[:, 3] < -0.5, 1].mean() < -0.03
    assert uplift[x[:, 3] > 0.5, 1].mean() > 0.1


def test_probabilities_are_calibrated_on_later_rows(fitted):
    quality = fitted[1].shown
    assert quality.calibration_error < 2.5 * quality.calibration_floor
    assert quality.auc > 0.7


def test_a_random_split_beside_that_by_time_tells_apart_a_world_that_changes_from_one_that_does_not():
    still = fit(a_frame(12_000))[1].split
    assert still.by_time.n_rows == still.by_chance.n_rows
    assert still.by_time.auc == pytest.approx(still.by_chance.auc, abs=0.05)
    frame = a_frame()
    gone = (np.arange(len(frame)) >= 0.55 * len(frame)) & (np.random.default_rng(1).random(len(frame)) < 0.8)
    converted, when = frame.converted & ~gone[:, None], np.arange(float(len(frame)))
    dated = {**frame.features, "x5": when}
    split = fit(replace(frame, converted=converted, accepted=frame.accepted & ~gone, features=dated))[1].split
    assert split.by_time.calibration_error > split.by_chance.calibration_error + 0.05


def test_one_customer_scores_as_in_a_matrix(bundle, fitted):
    later = fitted[2].take(np.arange(20))
    many = bundle.score_matrix(bundle.encode(later.features, n_rows=20), CANDIDATES)
    for row in range(20):
        one = bundle.score({name: column[row] for name, column in later.features.items()}, CANDIDATES)
        np.testing.assert_allclose(one.propensity, many.propensity[row], atol=1e-12)
        np.testing.assert_allclose(one.uplift, many.uplift[row], atol=1e-12)


def test_the_order_of_candidates_and_features_is_irrelevant(bundle):
    features = {"x0": 1.0, "x3": -1.0, "segment": "mass"}
    forward = bundle.score(features, CANDIDATES)
    backward = bundle.score(dict(reversed(features.items())), CANDIDATES[::-1])
    np.testing.assert_array_equal(forward.propensity, backward.propensity[::-1])


def test_a_customer_of_whom_nothing_is_known_is_scored(bundle):
    scores = bundle.score({}, CANDIDATES)
    assert ((scores.propensity > 0) & (scores.propensity < 1)).all()


def test_an_action_without_evidence_starts_from_its_stated_propensity(bundle):
    new = an_action("new", starting_propensity=0.123, conversion=Conversion("Order Completed"))
    scores = bundle.score({"x0": 1.0}, [Candidate(new, Treatment("banner", "web"))])
    assert scores.propensity[0] == pytest.approx(0.123)
    assert np.isnan(scores.uplift[0])


def test_no_candidates_give_no_scores(bundle):
    assert bundle.score({}, []).propensity.shape == (0,)


def test_the_reason_is_the_feature_that_matters(bundle):
    reasons = bundle.explain({f"x{i}": (2.0 if i == 3 else 0.0) for i in range(6)}, CANDIDATES[1])
    assert reasons[0][0] == "x3"
    assert reasons[0][1] > 0


def test_the_same_log_gives_the_same_bundle_to_the_byte(fitted):
    again, _, _ = fit(a_frame())
    assert bundle_to_json(PolicyBundle("", "c", again)) == bundle_to_json(PolicyBundle("", "c", fitted[0]))


def test_actions_whose_aim_is_only_seen_when_shown_have_no_uplift():
    entries = tuple(replace(entry, has_conversion=False) for entry in LAYOUT.actions.entries)
    layout = replace(LAYOUT, actions=replace(LAYOUT.actions, entries=entries))
    model, report, later = fit(a_frame(2500), layout)
    scores = PolicyBundle("v", "c", model).score_matrix(
        layout.features.matrix(later.features, n_rows=len(later)), [entry.candidate() for entry in entries]
    )
    assert report.baseline is None
    assert np.isnan(scores.uplift).all()
    assert scores.propensity.mean(axis=0) == pytest.approx(truth_means(later), rel=0.3)


def truth_means(later):
    x = np.column_stack([later.features[f"x{i}"] for i in range(6)])
    return truth_of(x).shown.mean(axis=0)


def test_too_little_data_is_refused_with_the_counts():
    with pytest.raises(InvalidInputError, match=r"shown rows with \d+ positives") as caught:
        fit(a_frame(60))
    assert caught.value.code == "too_little_data"


def test_what_was_listed_or_not_eligible_is_no_control():
    frame = a_frame(300)
    nowhere = replace(frame, eligible_probability=np.where([True, False, True], 1 / 3, 0.0) * np.ones((300, 1)))
    evidence = evidence_of(nowhere, LAYOUT)
    codes = evidence.control.matrix[:, LAYOUT.position("action")]
    assert set(codes) == {0.0}
    assert len(codes) == (frame.chosen != 0).sum()


def test_chosen_but_never_shown_is_neither_shown_nor_control():
    frame = a_frame(300)
    unseen = replace(frame, shown=np.zeros(300, dtype=bool))
    evidence = evidence_of(unseen, LAYOUT)
    assert len(evidence.shown) == 0
    assert len(evidence.control) == (~frame.listed[:, :2]).sum()


@pytest.mark.parametrize(("inflation", "wanted"), [(1.0, 1.0), (2.0, 0.5), (4.0, 0.25)])
def test_the_slope_undoes_an_inflated_spread(inflation, wanted):
    rng = np.random.default_rng(0)
    n = 60_000
    uplift, shown = rng.normal(0.1, 0.08, n), rng.random(n) < 0.5
    outcome = (rng.random(n) < 0.3 + shown * uplift).astype(float)
    stated = 0.1 + inflation * (uplift - 0.1)
    rows = EffectRows(np.zeros(n), shown.astype(float), outcome, np.full(n, 0.5), np.full(n, 0.3), stated)
    found = fit_shrinkage(rows, n_actions=1)
    assert found.slope == pytest.approx(wanted, abs=4 * found.standard_error)


def test_a_slope_measured_on_half_of_the_rows_says_what_it_is_on_all_of_them():
    rng = np.random.default_rng(3)
    n_customers, draws = 2_000, 40
    uplift = rng.normal(0.1, 0.05, n_customers)
    answers = uplift[:, None] + rng.normal(0.0, 0.4, (n_customers, draws))
    half, whole = answers[:, : draws // 2].mean(axis=1), answers.mean(axis=1)
    real = [float(np.polyfit(each, uplift, 1)[0]) for each in (half, whole)]
    again = Shrinkage(np.zeros(2), real[0], 0.0).learned_again(0.5)
    assert real[0] == pytest.approx(0.24, abs=0.04)
    assert again.slope == pytest.approx(real[1], abs=0.03)


def test_placebo_variation_is_shrunk_away():
    rng = np.random.default_rng(1)
    n = 40_000
    shown, outcome = (rng.random(n) < 0.5).astype(float), (rng.random(n) < 0.3).astype(float)
    rows = EffectRows(np.zeros(n), shown, outcome, np.full(n, 0.5), np.full(n, 0.3), rng.normal(0, 0.1, n))
    assert fit_shrinkage(rows, n_actions=1).slope < 0.1


def test_the_constant_bundle_ranks_everybody_by_the_average_gain():
    frame = a_frame(20_000)
    entries = constant_entries(frame)
    x = np.column_stack([frame.features[f"x{i}"] for i in range(6)])
    truth = truth_of(x)
    gain = ((truth.shown - truth.not_shown) * [50.0, 80.0] - [0.0, 0.1]).mean(axis=0)
    for entry, true in zip(entries.values(), gain, strict=True):
        assert entry.value == pytest.approx(true, abs=4 * entry.standard_error)
    bundle = ConstantBundle("v", "c", entries)
    unknown = Candidate(an_action("new"), Treatment("banner", "web"))
    priority = bundle.score({}, [*CANDIDATES, unknown]).priority
    assert priority.tolist()[:2] == [entries["card"].value, entries["dog"].value]
    assert priority[2] < 0
