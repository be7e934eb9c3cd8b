"""What is drawn at the catalogue's temperature is valued as it is drawn, and warned of where it gives the gain away."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from response_world import ACTIONS, a_frame, a_layout, truth_of

from builders import a_catalog, an_action
from decisioning.action import NO_ACTION, Treatment
from decisioning.catalog import Channel, Exploration, Placement
from decisioning.exploration import Choices
from decisioning.ports import Scores
from decisioning.urn import Urn
from features.workspace import Gate, Training
from training.dataset import split_by_time
from training.drawn_policy import TEMPERATURE, as_drawn, temperature_check
from training.judging import judge_bundles
from training.policy import eligible, greedy
from training.promotion import CANDIDATE, judge

ENCODER = a_layout().features
TREATMENT = (Treatment("banner", "web", cost=0.1),)


def a_shop(temperature, *, mandatory=False, **changes):
    card, dog = an_action("card", mandatory=mandatory), an_action("dog", value=80.0, treatments=TREATMENT)
    return a_catalog(card, dog, exploration=Exploration(temperature=temperature), **changes)


@given(st.integers(0, 10**6), st.floats(0.01, 100.0))
def test_a_policy_as_drawn_has_the_very_probabilities_of_the_urn_that_draws(seed, temperature):
    rng = np.random.default_rng(seed)
    frame, priority = a_frame(6, seed=seed), rng.normal(0.0, 5.0, (6, 3))
    allowed = rng.random((6, 3)) < 0.7
    allowed[:, 2] = True
    frame = replace(frame, eligible_probability=allowed / allowed.sum(axis=1, keepdims=True))
    found = as_drawn(frame, priority, a_shop(temperature))
    for row in range(6):
        names = tuple(name for name, may in zip(ACTIONS, allowed[row], strict=True) if may)
        urn = Urn(Choices(names, priority[row][allowed[row]]), 0.0, temperature)
        drawn = dict(zip(urn.names, urn.probabilities(), strict=True))
        assert [drawn.get(name, 0.0) for name in ACTIONS] == pytest.approx(found[row].tolist())
    assert (found[~eligible(frame)] == 0.0).all()


@pytest.mark.parametrize(
    "catalog",
    [
        a_shop(3.0, mandatory=True),
        a_shop(3.0, placements={"home": Placement("home", "web", explore=False)}),
        a_shop(3.0, channels={"web": Channel("web", explore=False), "email": Channel("email")}),
    ],
    ids=["mandatory", "placement", "channel"],
)
def test_where_nothing_is_drawn_a_policy_as_drawn_is_its_first_choice(catalog):
    frame = a_frame(50)
    priority = np.random.default_rng(1).normal(size=(50, 3))
    np.testing.assert_array_equal(as_drawn(frame, priority, catalog), greedy(frame, priority))
    assert not np.array_equal(as_drawn(frame, priority, a_shop(3.0)), greedy(frame, priority))


class Knowing:
    """Scores by the truth."""

    def encode(self, features, *, n_rows):
        return ENCODER.matrix(features, n_rows=n_rows)

    def score_matrix(self, customers, candidates):
        truth = truth_of(customers)
        places = [ACTIONS.index(candidate.action.name) for candidate in candidates]
        return Scores(truth.shown[:, places], (truth.shown - truth.not_shown)[:, places])


def judged(temperature):
    split = split_by_time(a_frame(9_000, seed=3), validation_share=0.3, evaluation_share=0.5)
    return judge_bundles(
        split,
        {CANDIDATE: Knowing()},
        catalog=a_shop(temperature),
        encoder=ENCODER,
        training=Training(),
        gate=Gate(),
    )


def told(temperature):
    found = judged(temperature).evaluation
    bounds = list(temperature_check(found, temperature))
    return found, bounds, judge(found, bounds=bounds)


def test_a_cold_draw_is_worth_what_the_first_choice_is_and_is_not_warned_of():
    found, (check,), verdict = told(0.05)
    values = [found.policies[name].capped.doubly_robust.value for name in (CANDIDATE, "candidate as drawn")]
    assert values[1] == pytest.approx(values[0], rel=0.05)
    assert verdict.promoted
    assert check.reason.startswith("drawn at the catalogue's temperature of 0.05: +")
    assert "warning" not in check.reason


def test_a_hot_draw_gives_away_what_the_first_choice_gains_and_is_warned_of_by_name_but_refuses_nothing():
    found, (check,), verdict = told(1000.0)
    drawn, chance = (found.policies[name].raw.doubly_robust.value for name in ("candidate as drawn", "uniform"))
    assert drawn == pytest.approx(chance, rel=0.05)
    assert verdict.promoted
    assert check.role == TEMPERATURE
    assert check.reason in verdict.reasons
    assert "warning: what is drawn is worse than always the same action" in check.reason
    assert "`exploration.temperature`" in check.reason
    assert "beside always " in check.reason


def test_without_a_temperature_nothing_is_drawn_and_nothing_is_said():
    found = judged(0.0)
    assert not [name for name in found.policies if name.endswith("drawn")]
    assert list(temperature_check(found.evaluation, 0.0)) == []
    assert NO_ACTION in found.frame.actions
