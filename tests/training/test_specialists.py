"""An action with a law of its own earns a model of its own; the others keep the pooled one."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from specialist_world import NAMES, a_frame, a_layout
from whole_evidence import evidence_of

from training.artifact import load_bundle, verify, write_bundle
from training.bundle import PolicyBundle
from training.bundle_json import bundle_from_json, bundle_to_json
from training.dataset import split_by_time
from training.exposure import evidence_by_time
from training.metrics import log_loss
from training.propensity import fit_propensity
from training.specialists import Specialists
from training.studies import Studies, last_settings
from training.tuning import Search

LAYOUT = a_layout()
CANDIDATES = [entry.candidate() for entry in LAYOUT.actions.entries]


def fitted(seed, *, n=16_000, odd=True):
    parts = split_by_time(a_frame(seed, n=n, odd=odd), validation_share=0.25, evaluation_share=0.1)
    train, validation = evidence_by_time(parts, LAYOUT, seed=1)
    model, report = fit_propensity(train, validation, layout=LAYOUT, search=Search(trials=1, seed=7))
    return model, report, parts.evaluation


@pytest.fixture(scope="module")
def learned():
    return fitted(0)


@pytest.fixture(scope="module")
def bundle(learned):
    return PolicyBundle("v", "c", learned[0])


@pytest.mark.slow
def test_of_twenty_planted_laws_most_are_found_and_at_most_one_is_imagined():
    reports = [fitted(seed)[1].specialists for seed in range(20)]
    assert sum(each.serves for report in reports for each in report[:-1]) <= 1
    assert sum(report[-1].serves for report in reports) >= 18


def test_every_action_is_told_why(learned):
    reports = learned[1].specialists
    assert [each.action for each in reports] == list(NAMES)
    assert [each.serves for each in reports] == [False, False, False, True]
    assert "its own model serves" in reports[-1].reason
    assert all("the pooled model serves" in each.reason for each in reports[:-1])


def test_too_few_rows_are_served_by_the_pooled_model_and_that_is_said():
    report = fitted(2, n=2_000)[1]
    assert not any(each.serves for each in report.specialists)
    assert all("a model of its own needs" in each.reason for each in report.specialists)


def test_a_specialist_is_better_on_rows_that_chose_nothing(bundle, learned):
    later = evidence_of(learned[2], LAYOUT).shown
    mine = later.take(later.matrix[:, LAYOUT.position("action")] == NAMES.index("odd"))
    customers = mine.matrix[:, : len(LAYOUT.features.columns)]
    pooled = PolicyBundle("p", "c", replaced(bundle.response))
    losses = [
        log_loss(mine.label, each.score_matrix(customers, CANDIDATES[-1:]).propensity[:, 0])
        for each in (bundle, pooled)
    ]
    assert losses[0] < losses[1]


def replaced(response):

    return replace(response, specialists=Specialists())


def test_one_customer_scores_as_in_a_matrix_and_the_others_as_without_it(bundle):
    customers = np.random.default_rng(3).normal(size=(50, len(LAYOUT.features.columns)))
    many = bundle.score_matrix(customers, CANDIDATES).propensity
    without = PolicyBundle("p", "c", replaced(bundle.response)).score_matrix(customers, CANDIDATES).propensity
    for row, customer in zip(many, customers, strict=True):
        one = bundle.score({f"x{place}": value for place, value in enumerate(customer)}, CANDIDATES)
        np.testing.assert_allclose(one.propensity, row, atol=1e-12)
    np.testing.assert_array_equal(many[:, :-1], without[:, :-1])
    assert np.abs(many[:, -1] - without[:, -1]).max() > 0.02


def test_contributions_sum_to_the_log_odds_with_the_specialist(bundle):
    rows = LAYOUT.rows(np.random.default_rng(4).normal(size=(20, 6)), np.full(20, 3))
    response = bundle.response
    total = response.effect.margin(rows) + response.specialists.margin(rows) + response.baseline.margin(rows)
    np.testing.assert_allclose(response.contributions(rows, organic=True).sum(axis=1), total, atol=1e-9)


def test_a_bundle_with_a_specialist_is_written_verified_and_read_back(bundle, tmp_path):
    version = write_bundle(bundle, tmp_path, created_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert verify(tmp_path) == version
    customers = np.random.default_rng(5).normal(size=(30, 6))
    again = load_bundle(tmp_path)
    expected = bundle.score_matrix(customers, CANDIDATES).propensity
    np.testing.assert_array_equal(again.score_matrix(customers, CANDIDATES).propensity, expected)


def test_a_bundle_of_before_specialists_is_read(bundle):
    content, texts = bundle_to_json(bundle)
    del content["specialists"]
    assert bundle_from_json({**content, "version": "v"}, texts).response.specialists.own == {}


def test_the_next_search_begins_with_what_the_pooled_model_found_and_not_with_a_specialists_preset(tmp_path):
    parts = split_by_time(a_frame(1, n=6_000, odd=True), validation_share=0.25, evaluation_share=0.1)
    train, validation = evidence_by_time(parts, LAYOUT, seed=1)
    studies = Studies(tmp_path / "optuna.journal")
    _, report = fit_propensity(train, validation, layout=LAYOUT, search=Search(trials=4, seed=7, studies=studies))
    assert any(np.isfinite(each.extra_loss) for each in report.specialists)
    kept = studies.open().get_all_studies()
    assert [study.user_attrs["kind"] for study in kept] == ["baseline", "effect"]
    (settings,) = last_settings(studies.open(), "effect")
    assert settings.items() <= report.effect.tuned.parameters.items()
