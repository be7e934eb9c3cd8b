"""Law 8 for journeys: stage and score of one customer now equal those of a whole history, and cost next to nothing."""

from pathlib import Path

import numpy as np
from feature_shop import assert_same
from hypothesis import given, settings
from hypothesis import strategies as st
from pace import cpu_ms

from features.feature import Feature
from features.feature_set import FeatureSet
from features.journey.file import read_journey_file
from features.primitives import DAY_US, HALF_HOUR_US
from features.primitives_value import trait
from features.primitives_visit import CELLS
from features.standard import STANDARD_FEATURES

TIERS = ("mass", "private")
DECLARED = (
    *STANDARD_FEATURES,
    Feature("segment", "profile", trait("segment", one_of=TIERS), "tier", "category", TIERS),
)
FEATURES = FeatureSet(DECLARED, journeys=read_journey_file(Path(__file__).parents[1] / "journeys.yaml", DECLARED))
OWN = tuple(name for name in FEATURES.names if name.startswith("journey_"))
NOW_US = 1_700_000_000 * 1_000_000
CPU_MS = 0.05
"""What stage and score of one journey may cost, issue 3; measured over many calls, on a busy machine twice that."""


def states(seed: int, n: int):
    """Random states: times within 80 days, few of anything, a third of it unknown."""
    chance = np.random.default_rng(seed)
    is_time = np.array([name.endswith("at") for name in FEATURES.columns])
    times = NOW_US - chance.uniform(-1, 80, (n, len(is_time))).round(1) * DAY_US
    amounts = chance.integers(0, 4, (n, len(is_time))) * chance.choice([1.0, 0.5], (n, len(is_time)))
    values = np.where(is_time, times, amounts)
    for name in ("segment", "gender_told"):
        values[:, FEATURES.columns.index(f"{name}__value")] = chance.integers(0, 2, n)
    half_hour = NOW_US // HALF_HOUR_US
    for cell in range(CELLS):
        began_us = (half_hour - (half_hour - cell) % CELLS) * HALF_HOUR_US
        for part, within in (("first", 0.1), ("last", 0.9)):
            values[:, FEATURES.columns.index(f"visit__{part}_{cell}")] = began_us + within * HALF_HOUR_US
    unknown = chance.random(values.shape) < 0.33
    visits = np.array([name.startswith("visit_") for name in FEATURES.columns])
    unknown[:, visits] = unknown[:, :1]
    return np.where(unknown, np.nan, values)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_stage_and_score_of_one_customer_equal_those_of_many(seed):
    state = states(seed, 40)
    many = FEATURES.at(state, np.full(40, float(NOW_US)))
    for row in range(40):
        one = FEATURES.values(state[row : row + 1], now_us=NOW_US)
        said = dict(zip(FEATURES.names, many[row].tolist(), strict=True))
        for name in OWN:
            said[name] = None if said[name] != said[name] else said[name]
            if name.startswith("journey_stage_"):
                said[name] = FEATURES.words(name, many[row : row + 1, FEATURES.names.index(name)])[0]
        assert_same({name: one[name] for name in OWN}, {name: said[name] for name in OWN})


def test_the_random_states_reach_every_stage():
    many = FEATURES.at(states(1, 4000), np.full(4000, float(NOW_US)))
    for name in OWN:
        if name.startswith("journey_stage_"):
            found = {
                FEATURES.words(name, np.array([code]))[0] for code in np.unique(many[:, FEATURES.names.index(name)])
            }
            assert found == {*next(f for f in FEATURES.features if f.name == name).one_of, None}


def test_a_journey_costs_a_decision_less_than_a_twentieth_of_a_millisecond(record_property):
    rows = [FEATURES.values(row[None], now_us=NOW_US) for row in states(2, 200)]
    per_customer_ms = cpu_ms(lambda: [FEATURES.complete(values) for values in rows], times=3) / len(rows)
    per_journey_ms = per_customer_ms / len(FEATURES.journeys.journeys)
    record_property("per_journey_ms", per_journey_ms)
    print(f"stage and score of one journey: {per_journey_ms:.4f} ms of CPU (wanted: {CPU_MS})")
    assert per_journey_ms < 2 * CPU_MS
