"""What is quick for one customer is what is right for many: trees as LightGBM scores them, bit for bit, and columns."""

from dataclasses import dataclass, fields

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.blend import Blend, pairs
from training.encoding import FeatureColumn, Floats
from training.expansion import Expansion
from training.leaf_sets import LeafSets
from training.leaf_sets_many import ManyTrees
from training.linear import Linear
from training.tree_text import MOST_LEAVES, trees_of
from training.trees import Trees

N_CUSTOMER, WIDTH, WORDS = 8, 11, 2
"""Columns of the customer, of a row, and the customer's column of words; the action's first two are words as well."""
CATEGORICAL = [WORDS, N_CUSTOMER, N_CUSTOMER + 1]
ODD_NUMBERS = st.sampled_from([0.0, -0.0, 1e-36, -1e-36, 1e-34, 1e300, -1e300, np.inf, -np.inf, np.nan])
NUMBERS = st.one_of(ODD_NUMBERS, st.floats(-3, 3))
ODD_WORDS = st.sampled_from([-1.0, -0.5, 0.5, 2.7, 31.0, 32.0, 1e12, np.inf, np.nan])


@dataclass(frozen=True)
class Given:
    """A fitted booster, and the rows that it learned from."""

    booster: lightgbm.Booster
    rows: Floats

    @property
    def candidates(self) -> Floats:
        """Forty candidates, their customer part unknown."""
        some = self.rows[:40].copy()
        some[:, :N_CUSTOMER] = np.nan
        return some


def _fitted(seed: int, *, n_trees: int = 12, **parameters: object) -> Given:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(1_200, WIDTH))
    rows[:, WORDS] = rng.integers(0, 9, len(rows))
    rows[:, N_CUSTOMER] = rng.integers(0, 40, len(rows))
    rows[:, N_CUSTOMER + 1] = rng.integers(0, 5, len(rows))
    rows[rng.random(rows.shape) < 0.15] = np.nan
    rows[:, 1][rng.random(len(rows)) < 0.4] = 0.0
    known = np.nan_to_num(rows)
    score = known[:, 0] + (known[:, WORDS] == 3) + (known[:, N_CUSTOMER] % 5 - 2) * known[:, 1]
    label = (rng.random(len(rows)) < 1 / (1 + np.exp(-score))).astype(float)
    data = lightgbm.Dataset(rows, label, categorical_feature=CATEGORICAL)
    usual = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 3, "min_data_per_group": 3, "cat_smooth": 1}
    return Given(lightgbm.train({**usual, **parameters, "num_threads": 1}, data, num_boost_round=n_trees), rows)


FITTED = [
    _fitted(0, num_leaves=31),
    _fitted(1, num_leaves=MOST_LEAVES, max_cat_to_onehot=1),
    _fitted(2, num_leaves=2, max_cat_to_onehot=64),
    _fitted(3, num_leaves=12, use_missing=False),
    _fitted(4, num_leaves=20, zero_as_missing=True),
    _fitted(5, num_leaves=31, min_data_in_leaf=2_000),
]
"""Many ways to split, to miss and to group words; the last never splits at all."""


@given(st.integers(0, len(FITTED) - 1), st.lists(NUMBERS, min_size=N_CUSTOMER, max_size=N_CUSTOMER), ODD_WORDS)
@settings(max_examples=300, deadline=None)
def test_the_leaf_sets_of_any_customer_score_as_lightgbm_does(which: int, numbers: list[float], word: float) -> None:
    found = FITTED[which]
    matrix = found.candidates
    matrix[:, :N_CUSTOMER] = numbers
    matrix[:, WORDS] = word
    matrix[:3, N_CUSTOMER] = (word, 99.0, np.nan)
    _check(found, matrix)


@pytest.mark.parametrize("found", FITTED)
def test_the_customers_that_were_learned_from_score_as_lightgbm_scores_them(found: Given) -> None:
    for row in found.rows[:100]:
        matrix = found.candidates
        matrix[:, :N_CUSTOMER] = row[:N_CUSTOMER]
        _check(found, matrix)
        _check(found, matrix[:1])


ROWS = st.tuples(st.lists(NUMBERS, min_size=N_CUSTOMER, max_size=N_CUSTOMER), ODD_WORDS)


@given(st.integers(0, len(FITTED) - 1), st.lists(ROWS, max_size=4), st.integers(1, 40), st.integers(0, 40))
@settings(max_examples=150, deadline=None)
def test_many_customers_are_scored_as_lightgbm_scores_each(
    which: int, odd: list[tuple[list[float], float]], n_candidates: int, n_usual: int
) -> None:
    found = FITTED[which]
    rows = np.concatenate([found.rows[n_usual : 2 * n_usual], np.full((len(odd), WIDTH), np.nan)])
    for row, (numbers, word) in zip(rows[n_usual:], odd, strict=True):
        row[:N_CUSTOMER] = numbers
        row[WORDS] = word
    candidates = found.candidates[:n_candidates]
    trees = LeafSets(trees_of(found.booster.model_to_string()) or [], WIDTH, N_CUSTOMER).fixed(candidates)
    matrix = pairs(rows[:, :N_CUSTOMER], candidates)
    expected = found.booster.predict(matrix, raw_score=True, num_threads=1) if len(matrix) else np.zeros(0)
    np.testing.assert_array_equal(
        ManyTrees.of(trees).margins(rows[:, :N_CUSTOMER]), np.reshape(expected, (len(rows), n_candidates))
    )


def test_trees_that_are_not_known_are_left_to_lightgbm() -> None:
    rng = np.random.default_rng(6)
    rows, label = rng.normal(size=(2_000, 4)), rng.normal(size=2_000)
    for odd in ({"num_leaves": MOST_LEAVES + 30, "min_data_in_leaf": 2}, {"linear_tree": True}):
        data = lightgbm.Dataset(rows, label + rows[:, 0] * rows[:, 1])
        booster = lightgbm.train({"objective": "regression", "verbose": -1, **odd}, data, num_boost_round=3)
        assert trees_of(booster.model_to_string()) is None, odd


def test_only_trees_that_are_known_are_scored_in_bounded_time() -> None:
    nothing = Expansion.from_json({each.name: [] for each in fields(Expansion)})
    linear = Linear(nothing, nothing, np.zeros(2), np.zeros((0, 1)), N_CUSTOMER)
    known, unknown = FITTED[0].booster, _fitted(3, n_trees=2, num_leaves=MOST_LEAVES + 1).booster
    assert Blend(linear, None, 0.0).is_bounded
    assert Blend(linear, Trees(known), 0.5).is_bounded
    assert Blend(linear, Trees(unknown), 0.0).is_bounded
    assert not Blend(linear, Trees(unknown), 0.5).is_bounded


def _check(found: Given, matrix: Floats) -> None:
    sets = LeafSets(trees_of(found.booster.model_to_string()) or [], WIDTH, N_CUSTOMER)
    expected = found.booster.predict(matrix, raw_score=True, num_threads=1)
    np.testing.assert_array_equal(sets.fixed(matrix).margin(matrix[0, :N_CUSTOMER]), expected)


@given(st.lists(st.one_of(NUMBERS, ODD_WORDS), min_size=N_CUSTOMER, max_size=N_CUSTOMER))
@settings(max_examples=300, deadline=None)
def test_one_row_is_expanded_as_many_are(numbers: list[float]) -> None:
    row = np.array(numbers)
    np.testing.assert_array_equal(EXPANSION.one(row), EXPANSION.apply(row[np.newaxis])[0])


def _expansion() -> Expansion:
    columns = [FeatureColumn(f"f{place}") for place in range(N_CUSTOMER)]
    columns[WORDS] = FeatureColumn("word", "category", tuple("abcdefghi"))
    return Expansion.fit(FITTED[0].rows[:, :N_CUSTOMER], columns, only=range(N_CUSTOMER), bent=True)


EXPANSION = _expansion()
