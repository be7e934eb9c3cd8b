"""Draws that stay within a session, or for a customer: the same choice, with its probability right over all of them."""

from collections import Counter

import pytest
from as_logged import as_logged
from scipy.stats import chisquare

from builders import FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.catalog import Exploration, Placement
from decisioning.cold_start import CatalogScorer
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.replay import differences, replayed

SCORER = FixedScorer(dict.fromkeys(("card", "loan", "fund"), (0.1, 0.1)))


def a_sticky(sticky, epsilon=1.0, **changes):
    homes = {name: Placement(name, "web", must_fill=True) for name in ("home", "side")}
    exploring = {"exploration": Exploration(epsilon, epsilon, sticky), "placements": homes}
    return compile_catalog(a_catalog(an_action("card"), an_action("loan"), an_action("fund"), **exploring, **changes))


def decided(catalog, nth, *, customer="c_1", **request):
    asked = a_request(request_id=f"r-{nth}", **request)
    return consider(asked, a_customer(customer_id=customer), catalog=catalog, scorer=SCORER)


def lists(decisions):
    return {tuple(each.action for each in one.ranked) for one in decisions}


@pytest.mark.parametrize(
    ("sticky", "session", "n_lists"), [("", "s", 6), ("session", "s", 1), ("session", "", 6), ("customer", "", 1)]
)
def test_within_a_session_or_for_a_customer_the_same_is_shown(sticky, session, n_lists):
    catalog = a_sticky(sticky)
    decisions = [decided(catalog, nth, session=session) for nth in range(60)]
    assert len(lists(decisions)) == n_lists
    assert len({each.seed for each in decisions}) == (1 if n_lists == 1 else 60)
    assert len({each.stuck for each in decisions}) == 1
    assert len({each.decision_id for each in decisions}) == 60


@pytest.mark.parametrize("sticky", ["session", "customer"])
def test_customers_and_placements_draw_apart_and_sessions_where_they_are_asked_for(sticky):
    catalog = a_sticky(sticky)
    base = decided(catalog, 1, session="s")
    assert decided(catalog, 2, session="s", customer="c_2").stuck != base.stuck
    assert decided(catalog, 3, session="s", placement="side").stuck != base.stuck
    assert (decided(catalog, 4, session="t").stuck != base.stuck) is (sticky == "session")


def test_over_sessions_choices_come_as_often_as_their_logged_probabilities_say():
    catalog, customer = a_sticky("session", epsilon=0.6), a_customer()
    chosen, logged = Counter(), Counter()
    for nth in range(3000):
        request = a_request(request_id="r-1", limit=1, session=f"s-{nth}")
        decision = consider(request, customer, catalog=catalog, scorer=CatalogScorer())
        chosen[decision.chosen] += 1
        logged.update(decision.eligible)
    names = sorted(logged)
    assert chisquare([chosen[name] for name in names], [logged[name] for name in names]).pvalue > 0.001


def test_a_sticky_decision_replays_exactly():
    catalog = a_sticky("session", epsilon=0.5)
    logged = as_logged(decided(catalog, 1, session="s"))
    assert logged.stuck.startswith("s_")
    assert differences(logged, replayed(logged, catalog=catalog, scorer=SCORER)) == ()
