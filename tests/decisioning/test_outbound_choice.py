"""What a batch draws at the edges: at the end of the distribution, among equals of a posterior, of nothing at all."""

import numpy as np
import pytest

from builders import an_action
from decisioning.arbitration_rule import Rule
from decisioning.exploration import Choices
from decisioning.outbound.choice import NOBODY, Chances, draw
from decisioning.outbound.factors import NAMES, Factors
from decisioning.outbound.sampling import Sampling
from decisioning.ports import Candidate
from decisioning.slate import Slate
from decisioning.urn import Urn

LAST = np.nextafter(1.0, 0.0)


def a_slate(n):
    return Slate.of(Candidate(each := an_action(f"a{nth:02}"), each.treatments[0]) for nth in range(n))


@pytest.mark.parametrize("n", range(1, 40))
def test_the_last_of_all_draws_falls_on_what_it_falls_on_in_a_single_decision(n):
    priority = np.linspace(1.0, 2.0, n)
    for epsilon in (0.05, 0.1, 0.3, 0.7):
        urn = Urn(Choices(a_slate(n).names, priority).or_nothing(), epsilon)
        name, probability, _ = urn.draw(LAST)
        chances = Chances(np.array([LAST]), np.array([epsilon]), must_fill=False)
        drawn = draw(priority[np.newaxis], a_slate(n), chances, np.zeros(n))
        (chosen,) = drawn.chosen.tolist()
        assert ("no_action" if chosen == NOBODY else a_slate(n).names[chosen]) == name
        assert drawn.probability.tolist() == [probability]


@pytest.mark.parametrize("preferred", [0, 1, 2])
def test_of_equals_in_every_draw_of_a_posterior_the_preferred_one_is_certain(preferred):
    slate, shape = a_slate(3), (1, 3)
    columns = {name: np.full(shape, 0.0 if name == "spread" else 1.0) for name in NAMES}
    seeds, rule = np.array([7], dtype=np.uint64), Rule("propensity_value")
    sampling = Sampling.by(seeds, Factors(columns, given=False, said={}), slate, rule)
    preference = np.roll(np.arange(3, dtype=np.int32), preferred)[np.newaxis]
    chances = Chances(np.array([0.5]), np.zeros(1), must_fill=False, preference=preference, sampling=sampling)
    drawn = draw(np.ones(shape), slate, chances, np.zeros(3))
    assert (drawn.chosen.tolist(), drawn.probability.tolist()) == ([preferred], [1.0])


@pytest.mark.parametrize("must_fill", [True, False])
def test_where_a_placement_shows_nothing_at_all_nothing_is_certain(must_fill):
    chances = Chances(np.array([0.1, 0.9]), np.array([0.5, 1.0]), must_fill=must_fill)
    drawn = draw(np.zeros((2, 0)), Slate(()), chances, np.zeros(0))
    assert (drawn.chosen.tolist(), drawn.probability.tolist()) == ([NOBODY] * 2, [1.0, 1.0])
