"""Propensities keep to what a workspace declares: with what they may only rise or fall, and what may interact."""

from dataclasses import replace

import numpy as np
import pytest
import response_world
import specialist_world
from hypothesis import given, settings
from hypothesis import strategies as st

from decisioning.errors import InvalidInputError
from features.feature_set import FeatureSet
from features.standard import STANDARD_FEATURES
from features.workspace import Training
from training.bundle import PolicyBundle
from training.bundle_json import bundle_to_json
from training.dataset import split_by_time
from training.declared_constraints import check_constraints, constraints_of, constraints_version
from training.exposure import evidence_by_time
from training.propensity import fit_propensity
from training.tuning import Search

DECLARED = Training(rising=("x0", "x4"), falling=("x2", "x3"))
SIGNS = {0: 1, 4: 1, 2: -1, 3: -1}
"""With the world of `card` and `dog` go `x0`, against it `x2` and `x3`, and `x4` does nothing."""
ROUNDING = 1e-12
"""The same parts, summed, may differ by so much."""


def learned(frame, layout, training, *, trials=3):
    """The model, with trees in all of its parts, whether they are better or not."""
    parts = split_by_time(frame, validation_share=0.25, evaluation_share=0.1)
    train, validation = evidence_by_time(parts, layout, seed=1)
    how = {"layout": layout, "search": Search(trials=trials, seed=7)}
    declared = {} if training is None else {"constraints": constraints_of(training, layout)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("training.blend_fit.simplest", lambda _: 0.5)
        return fit_propensity(train, validation, **how, **declared)


@pytest.fixture(scope="module")
def free():
    return learned(response_world.a_frame(), response_world.a_layout(), Training())[0]


@pytest.fixture(scope="module")
def kept():
    return learned(response_world.a_frame(), response_world.a_layout(), DECLARED)


@pytest.fixture(scope="module")
def special():
    frame = specialist_world.a_frame(0, n=16_000, odd=True)
    return learned(frame, specialist_world.a_layout(), Training(rising=("x4",), falling=("x0",)), trials=1)


def by_weight(model, weight):
    """The model with so much of the trees in both of its parts; where a part has none, its linear model."""
    parts = {name: replace(getattr(model, name), weight=weight) for name in ("baseline", "effect")}
    own = {code: replace(part, weight=weight) for code, part in model.specialists.own.items()}
    return replace(model, **parts, specialists=replace(model.specialists, own=own))


def least_step(model, seed, place, sign):
    """The least change, times `sign`, of any propensity of a random customer of whom one feature rises."""
    rng = np.random.default_rng(seed)
    customers = rng.normal(size=(1, len(model.layout.features.columns))) * 2.0
    customers[:, specialist_world.N_FEATURES :] = rng.integers(0, 3)
    customers[rng.random(customers.shape) < 0.1] = np.nan
    rows = np.repeat(customers, 60, axis=0)
    rows[:, place] = np.sort(rng.normal(size=60) * 3.0)
    candidates = [entry.candidate() for entry in model.layout.actions.entries]
    found = PolicyBundle("v", "c", model).score_matrix(rows, candidates).propensity
    return (np.diff(found, axis=0) * sign).min()


def paths(trees):
    """The columns that are asked for on the way to each leaf."""
    waiting = [(tree["tree_structure"], frozenset()) for tree in trees.booster.dump_model()["tree_info"]]
    while waiting:
        node, seen = waiting.pop()
        if "split_feature" in node:
            seen |= {node["split_feature"]}
            waiting += [(node["left_child"], seen), (node["right_child"], seen)]
        else:
            yield seen


def trees_in(model):
    parts = (model.baseline, model.effect, *model.specialists.own.values())
    return [part.trees for part in parts if part.trees is not None]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(sorted(SIGNS.items())), st.sampled_from([0.0, 0.5, 1.0]))
def test_no_propensity_of_anybody_goes_against_what_is_declared(kept, seed, declared, weight):
    assert least_step(kept[0], seed, *declared) >= -ROUNDING
    assert least_step(by_weight(kept[0], weight), seed, *declared) >= -ROUNDING


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(4, 1), (0, -1)]), st.sampled_from([0.0, 0.5, 1.0]))
def test_nor_does_that_of_an_action_with_a_model_of_its_own(special, seed, declared, weight):
    assert [each.serves for each in special[1].specialists][-1]
    assert least_step(special[0], seed, *declared) >= -ROUNDING
    assert least_step(by_weight(special[0], weight), seed, *declared) >= -ROUNDING


def test_without_constraints_some_propensities_do(free):
    assert min(least_step(free, seed, 2, -1) for seed in range(20)) < -0.01


def test_all_trees_are_grown_within_the_constraints(kept, special):
    for model in (kept[0], special[0]):
        texts = [each.booster.model_to_string() for each in trees_in(model)]
        assert len(texts) >= 2
        assert all("[monotone_constraints: " in text and "[monotone_constraints: ]" not in text for text in texts)


def test_every_coefficient_of_every_action_has_the_sign_declared(kept):
    for part in (kept[0].baseline, kept[0].effect):
        signs = part.linear.customer.signs(SIGNS)
        alike = part.linear.pooled[: len(signs)]
        assert ((alike + part.linear.own) * signs >= 0).all()
        assert (np.abs(alike + part.linear.own)[:, signs == 0] > 0).any()


def test_learners_of_single_actions_effects_are_not_tried_and_that_is_said(kept):
    assert not kept[0].own_effects.by_code
    assert [each.action for each in kept[1].own_effects] == ["card", "dog"]
    assert all("keep to no constraints" in each.reason for each in kept[1].own_effects)


def test_no_constraints_change_no_byte(free):
    again, _ = learned(response_world.a_frame(), response_world.a_layout(), None)
    assert bundle_to_json(PolicyBundle("v", "c", again)) == bundle_to_json(PolicyBundle("v", "c", free))
    for each in trees_in(free):
        text = each.booster.model_to_string()
        assert "[monotone_constraints: ]" in text
        assert "[interaction_constraints: ]" in text


def test_in_trees_features_interact_within_their_group_and_with_the_action_only():
    declared = Training(together=(("x0", "x1"), ("x1", "x2")))
    model, _ = learned(specialist_world.a_frame(0, n=8_000, odd=True), specialist_world.a_layout(), declared)
    asked = [path for trees in trees_in(model) for path in paths(trees)]
    features = {frozenset(column for column in path if column < specialist_world.N_FEATURES) for path in asked}
    alone = {frozenset({place}) for place in range(specialist_world.N_FEATURES)}
    assert features <= {frozenset(), frozenset({0, 1}), frozenset({1, 2}), *alone}
    assert features & {frozenset({0, 1}), frozenset({1, 2})}
    assert any(max(path, default=0) >= specialist_world.N_FEATURES and min(path) in (3, 4, 5) for path in asked)


def test_a_feature_without_order_or_that_there_is_not_is_refused_with_those_that_are():
    features = FeatureSet(STANDARD_FEATURES)
    for key, given_ in (("rising", ("country",)), ("falling", ("nobody",)), ("together", (("country", "nobody"),))):
        with pytest.raises(InvalidInputError, match=rf"'{given_[-1] if key != 'together' else 'nobody'}' is no") as no:
            check_constraints(Training(**{key: given_}), features)
        assert no.value.field == f"training.{key}"
    check_constraints(Training(rising=("age_years",), together=(("country", "age_years"),)), features)


def test_the_version_tells_what_is_declared_in_whatever_order():
    first, second = Training(together=(("a", "b"), ("c", "d"))), Training(together=(("d", "c"), ("b", "a")))
    assert constraints_version(first) == constraints_version(second)
    versions = {constraints_version(Training(**{key: ("a",)})) for key in ("rising", "falling")}
    assert len(versions | {constraints_version(first), constraints_version(Training())}) == 4
