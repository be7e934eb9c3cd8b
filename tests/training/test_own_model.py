"""A data scientist's own estimator, shipped as text."""

from dataclasses import replace
from datetime import UTC, datetime

import lightgbm
import numpy as np
import pytest
from response_world import a_frame, a_layout

from decisioning.errors import InvalidInputError
from training.artifact import load_bundle, verify, write_bundle
from training.blend import Blend
from training.bundle import PolicyBundle
from training.dataset import split_by_time
from training.exposure import evidence_by_time
from training.ground import prepare
from training.own_model import as_blend
from training.trees import Trees
from training.tuning import Search

LAYOUT = a_layout()
QUIET = {"num_threads": 1, "verbosity": -1}


@pytest.fixture(scope="module")
def ground():
    parts = split_by_time(a_frame(), validation_share=0.25, evaluation_share=0.25)
    train, later = evidence_by_time(parts, LAYOUT, seed=1)
    return prepare(train, later, layout=LAYOUT, search=Search(trials=2, seed=7))


@pytest.fixture(scope="module")
def classifier(ground):
    estimator = lightgbm.LGBMClassifier(n_estimators=30, num_leaves=7, n_jobs=1, verbosity=-1)
    return estimator.fit(ground.train.matrix, ground.train.label, init_score=ground.train.offset)


def test_a_classifier_comes_to_the_log_odds_that_it_adds(ground, classifier):
    blend = as_blend(classifier, LAYOUT)
    wanted = classifier.predict(ground.later.matrix, raw_score=True)
    assert np.abs(blend.margin(ground.later.matrix) - wanted).max() < 1e-9


def test_it_is_written_verified_and_answers_the_same_once_loaded(ground, classifier, tmp_path):
    effect = as_blend(classifier, LAYOUT)
    bundle = PolicyBundle("", "c", ground.finish(effect, effect))
    write_bundle(bundle, tmp_path, created_at=datetime(2026, 6, 1, tzinfo=UTC))
    assert verify(tmp_path)
    customers = ground.later.matrix[:50, : len(LAYOUT.features.columns)]
    candidates = [entry.candidate() for entry in LAYOUT.actions.entries]
    before, after = (each.score_matrix(customers, candidates) for each in (bundle, load_bundle(tmp_path)))
    assert np.array_equal(before.propensity, after.propensity)
    assert np.array_equal(before.uplift, after.uplift)
    assert np.ptp(after.uplift[:, 1]) > 0.02


def a_classifier(**settings):
    return lightgbm.LGBMClassifier(n_estimators=3, n_jobs=1, verbosity=-1, **settings)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda x, y: a_classifier().fit(x, np.where(y > 0, "accepted", "refused")), "['accepted', 'refused'] apart"),
        (lambda x, y: a_classifier(linear_tree=True).fit(x, y), "linear trees, of which LightGBM cannot say"),
        (lambda _x, _y: a_classifier(), "the LGBMClassifier was not fitted yet"),
    ],
    ids=["words that sort the wrong way round", "linear trees", "not fitted"],
)
def test_what_would_be_taken_for_something_else_or_could_not_be_explained_is_refused(make, told, ground):
    with pytest.raises(InvalidInputError) as refused:
        as_blend(make(ground.train.matrix, ground.train.label), LAYOUT)
    assert told in refused.value.message


@pytest.mark.parametrize("as_told", [bool, int, float])
def test_labels_of_any_kind_of_0_and_1_are_the_same(as_told, ground):
    label = ground.train.label.astype(as_told)
    assert as_blend(a_classifier().fit(ground.train.matrix, label), LAYOUT).weight == 1.0


def test_whoever_says_what_it_comes_to_is_taken_at_its_word(classifier):
    class Mine:
        def blend(self, layout):
            return Blend(as_blend(classifier, layout).linear, None, 0.0)

    assert as_blend(Mine(), LAYOUT).margin(np.zeros((3, len(LAYOUT.columns)))).tolist() == [0.0, 0.0, 0.0]


class Telling:
    """An estimator that says it comes to whatever a test wants."""

    def __init__(self, told):
        self.told = told

    def blend(self, _layout):
        return self.told


def a_linear(**changes):
    plain = as_blend(a_booster(len(LAYOUT.columns), objective="binary"), LAYOUT).linear
    return replace(plain, **{name: change(getattr(plain, name)) for name, change in changes.items()})


def a_blend(booster):
    return Blend(a_linear(), Trees(booster), 1.0)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: None, r"comes to a NoneType; allowed: a Blend"),
        (lambda: np.zeros(3), r"comes to a ndarray; allowed: a Blend"),
        (lambda: Blend(a_linear(pooled=lambda x: x + np.nan), None, 0.0), r"log-odds that are no numbers"),
        (lambda: Blend(a_linear(pooled=lambda x: x + np.inf), None, 0.0), r"log-odds that are no numbers"),
        (lambda: Blend(a_linear(own=lambda x: x + np.nan), None, 0.0), r"log-odds that are no numbers"),
        (
            lambda: Blend(a_linear(pooled=lambda x: x[:-1]), None, 0.0),
            rf"cannot score rows of {len(LAYOUT.columns)} col",
        ),
        (lambda: Blend(a_linear(action_column=lambda _: 999), None, 0.0), r"cannot score rows"),
        (lambda: a_blend(a_booster(3, objective="binary")), r"the booster reads 3 columns"),
        (lambda: a_blend(a_booster(len(LAYOUT.columns), objective="l2", linear_tree=True)), r"has linear trees"),
    ],
)
def test_whoever_says_what_no_row_can_be_scored_by_is_told_so(make, said):
    with pytest.raises(InvalidInputError, match=said):
        as_blend(Telling(make()), LAYOUT)


def test_trees_of_any_objective_may_say_log_odds():
    told = a_blend(a_booster(len(LAYOUT.columns), objective="l2"))
    assert as_blend(Telling(told), LAYOUT) is told


def a_booster(columns, **settings):
    generator = np.random.default_rng(0)
    data = lightgbm.Dataset(generator.normal(size=(200, columns)), label=generator.integers(0, 2, 200))
    return lightgbm.train({**QUIET, **settings}, data, 2)


@pytest.mark.parametrize(
    ("estimator", "said"),
    [
        (object(), r"a object cannot be shipped as text; allowed: a lightgbm\.Booster or LGBMClassifier"),
        (a_booster(3, objective="binary"), rf"reads 3 columns; the rows have {len(LAYOUT.columns)}"),
        (a_booster(len(LAYOUT.columns), objective="l2"), r"objective is regression; allowed: binary"),
    ],
)
def test_what_cannot_be_shipped_is_refused_with_what_can(estimator, said):
    with pytest.raises(InvalidInputError, match=said):
        as_blend(estimator, LAYOUT)
