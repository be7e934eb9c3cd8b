"""The entries of a ranked list: what was drawn, rank by rank, with its figures, its reasons and when it goes out."""

from datetime import timedelta

import pytest

from builders import NOON, FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.action import NO_ACTION, Treatment
from decisioning.catalog import ContactPolicy, ContextWeight, Exploration
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog

GREEDY = Exploration(epsilon=0.0, epsilon_without_bundle=0.0)
SAYS = FixedScorer({"card": (0.3, 0.2), "loan": (0.5, 0.3), "fund": (0.2, float("nan"))})


def decided(*actions, customer=None, request=None, explained=1, **changes):
    catalog = compile_catalog(a_catalog(*actions, **{"exploration": GREEDY, **changes}))
    asked = request or a_request()
    return consider(asked, customer or a_customer(), catalog=catalog, scorer=SAYS, explained=explained)


def test_reasons_name_the_factors_and_what_moved_the_propensity():
    assert decided().ranked[0].reasons == (
        "50.0 % likely to accept",
        "being shown changes that by +30.0 points",
        "worth 50.00 EUR when accepted",
        "age raises it",
    )


@pytest.mark.parametrize("n_explained", [0, 1, 2, 3])
def test_as_many_of_the_first_ranks_as_asked_for_say_what_moved_their_propensity(n_explained):
    ranked = decided(explained=n_explained).ranked
    assert [each.rank for each in ranked] == [1, 2, 3]
    assert ["age raises it" in each.reasons for each in ranked] == [each.rank <= n_explained for each in ranked]


def test_an_entry_holds_the_factors_that_its_priority_is_made_of():
    actions = [
        an_action(name, treatments=(Treatment("banner", "web", cost=1.0),), lever=2.0) for name in ("card", "fund")
    ]
    weights = (ContextWeight("grow", "age > 30", 1.5),)
    for each in decided(*actions, context_weights=weights).ranked:
        chance, uplift = SAYS.says[each.action]
        assert (each.propensity, each.value, each.cost) == (chance, 50.0, 1.0)
        assert (each.context_weight, each.lever) == (1.5, 2.0)
        assert each.uplift == (uplift if each.action == "card" else None), "None where nothing randomised tells it"
        gain = chance if each.uplift is None else each.uplift
        assert each.priority == pytest.approx(gain * 50.0 * 1.5 * 2.0 - 1.0)


@pytest.mark.parametrize("epsilon", [0.0, 0.3, 1.0])
def test_an_entry_tells_its_chance_of_rank_1_and_its_chance_of_the_rank_that_it_took(epsilon):
    for nth in range(20):
        exploring = {"exploration": Exploration(epsilon, epsilon), "request": a_request(request_id=f"r-{nth}")}
        decision = decided(**exploring)
        assert NO_ACTION not in [each.action for each in decision.ranked]
        for each in decision.ranked:
            assert each.action_probability == decision.eligible[each.action]
            told = f"explored: drawn for rank {each.rank} with probability {each.rank_probability:.3f}"
            assert (each.reasons[-1] == told) is any("explored" in reason for reason in each.reasons)
            assert each.rank > 1 or each.rank_probability == each.action_probability


def test_what_is_put_off_goes_out_by_the_customers_clock_and_the_rest_says_no_moment():
    policy = ContactPolicy(time_zone_feature="zone")
    later = an_action("card", treatments=(Treatment("mail", "web", send_hour=9),))
    waits = an_action("loan", treatments=(Treatment("note", "web", wait=timedelta(hours=3)),))
    for zone, hours in (("UTC", 21), ("Asia/Tokyo", 12), ("America/Sao_Paulo", 0)):
        customer = a_customer(features={"age": 40.0, "zone": zone})
        ranked = decided(later, waits, an_action("fund"), customer=customer, contact_policy=policy).ranked
        sent = {each.action: each.send_at for each in ranked}
        assert sent == {"card": NOON + timedelta(hours=hours), "loan": NOON + timedelta(hours=3), "fund": None}
        assert all(at is None or at.utcoffset() == timedelta(0) for at in sent.values())
