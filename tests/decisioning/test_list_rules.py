"""What stands in one list: mandatory actions first, none beside what excludes it, and enough variety."""

from datetime import timedelta
from itertools import combinations

import pytest
from as_logged import as_logged
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, FixedScorer, a_catalog, a_customer, a_request, an_action
from decisioning.catalog import Cap, Channel, ContactPolicy, Exploration, HoldoutArms, Placement
from decisioning.catalog_file import read_catalog
from decisioning.cold_start import CatalogScorer
from decisioning.customer import Contact, ContactHistory
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.errors import CatalogError
from decisioning.exclusive import Exclusive, stops_of
from decisioning.replay import differences, replayed

GROUPS = {"a": "cards", "b": "cards", "c": "loans", "d": "funds", "e": "cards"}
SCORER = FixedScorer({name: (0.1 * place, 0.1 * place) for place, name in enumerate(GROUPS, 1)})
DAY = timedelta(days=1)


def decided(*actions, customer=None, request=None, placement=None, **changes):
    home = {"home": Placement("home", "web", **{"must_fill": True, "limit": 5, **(placement or {})})}
    catalog = compile_catalog(a_catalog(*actions, **{"placements": home, **changes}))
    found = consider(request or a_request(), customer or a_customer(), catalog=catalog, scorer=SCORER)
    logged = as_logged(found)
    assert differences(logged, replayed(logged, catalog=catalog, scorer=SCORER)) == ()
    return found


def shop(**own):
    return [an_action(name, group=group, **own.get(name, {})) for name, group in GROUPS.items()]


def shown(decision):
    return [each.action for each in decision.ranked]


@pytest.mark.parametrize("epsilon", [0.0, 0.5, 1.0])
def test_mandatory_actions_take_the_first_ranks_by_priority_for_certain(epsilon):
    actions = shop(a={"mandatory": True}, b={"mandatory": True})
    for place in range(20):
        exploring = {"exploration": Exploration(epsilon, epsilon)}
        found = decided(*actions, request=a_request(request_id=f"r-{place}"), **exploring)
        assert shown(found)[:2] == ["b", "a"]
        assert [each.rank_probability for each in found.ranked[:2]] == [1.0, 1.0]
        assert found.eligible == {"a": 0.0, "b": 1.0, "c": 0.0, "d": 0.0, "e": 0.0}
        assert found.epsilon == 0.0, "nothing was explored for rank 1"
        assert not any("explored" in reason for each in found.ranked[:2] for reason in each.reasons)


@pytest.mark.parametrize("arm", ["hold_out", "random_eligible", "no_levers", "eligibility_only"])
def test_what_is_mandatory_reaches_every_arm(arm):
    found = decided(*shop(a={"mandatory": True}), holdout=HoldoutArms("s", {arm: 1.0}))
    assert found.arm == arm
    assert found.chosen == "a"
    assert (shown(found) == ["a"]) is (arm == "hold_out")


def test_caps_bind_what_is_mandatory_unless_it_is_transactional_too():
    history = ContactHistory([Contact("x", "x", "web", NOON - DAY)])
    policy = ContactPolicy((Cap("customer", 1, 7 * DAY),))
    for own, expected in (({}, []), ({"transactional": True}, ["a"])):
        actions = shop(a={"mandatory": True, **own})
        assert shown(decided(*actions, customer=a_customer(history=history), contact_policy=policy)) == expected


def test_a_channel_without_exploration_shows_the_best_whatever_the_arm_and_the_evidence():
    quiet = {"channels": {"web": Channel("web", explore=False)}, "exploration": Exploration(1.0, 1.0, temperature=9.0)}
    for arms in (HoldoutArms(), HoldoutArms("s", {"random_eligible": 1.0})):
        found = decided(*shop(), holdout=arms, **quiet)
        assert (found.epsilon, shown(found)) == (0.0, ["e", "d", "c", "b", "a"])


SETS = st.lists(st.lists(st.sampled_from(sorted(GROUPS)), min_size=2, max_size=3, unique=True), max_size=3)


@given(SETS, st.sampled_from([0.0, 0.5, 1.0]), st.integers(0, 10**6))
def test_no_list_holds_two_actions_that_exclude_one_another(sets, epsilon, place):
    policy = ContactPolicy(exclusive=tuple(Exclusive("set", tuple(each)) for each in sets))
    exploring = {"exploration": Exploration(epsilon, epsilon), "contact_policy": policy}
    found = shown(decided(*shop(), request=a_request(request_id=f"r-{place}"), **exploring))
    together = {frozenset(pair) for each in sets for pair in combinations(each, 2)}
    assert not together & {frozenset(pair) for pair in combinations(found, 2)}
    assert found, "something is shown all the same"


def test_after_a_contact_the_others_of_the_set_wait_and_the_same_may_come_again():
    policy = ContactPolicy(exclusive=(Exclusive("one card", ("a", "b"), 30 * DAY),))
    for days, stopped in ((29, {"b"}), (30, set())):
        history = ContactHistory([Contact("a", "cards", "web", NOON - days * DAY)])
        found = decided(*shop(), customer=a_customer(history=history), contact_policy=policy)
        told = {each.action: (each.stage, each.reason) for each in found.exclusions}
        assert set(told) == stopped
        assert told.get("b", ("exclusive", "one card: a within 30 days")) == ("exclusive", "one card: a within 30 days")
    assert policy.memory == 30 * DAY


def test_of_several_contacts_the_first_by_name_is_why_the_others_wait():
    policy = ContactPolicy(exclusive=(Exclusive("one", ("c", "b", "a"), 30 * DAY),))
    for order in ("ba", "ab"):
        history = ContactHistory([Contact(name, "cards", "web", NOON - DAY) for name in order])
        found = decided(*shop(), customer=a_customer(history=history), contact_policy=policy)
        told = {each.action: each.reason for each in found.exclusions}
        assert told == {name: f"one: {other} within 30 days" for name, other in (("a", "b"), ("b", "a"), ("c", "a"))}


def test_a_reservation_that_has_expired_and_a_contact_without_a_period_keep_nothing_waiting():
    expired = Contact("a", "cards", "web", NOON - DAY / 24, expires_at=NOON)
    for rule, contact in ((30 * DAY, expired), (0 * DAY, Contact("a", "cards", "web", NOON - DAY / 24))):
        policy = ContactPolicy(exclusive=(Exclusive("one card", ("a", "b"), rule),))
        assert stops_of(policy.exclusive, [contact], now=NOON) == {}
    assert Exclusive("one card", ("a", "b")).within == 0 * DAY


@given(st.sampled_from([None, 1, 2]), st.integers(0, 3), st.integers(1, 5), st.sampled_from([0.0, 1.0]))
def test_lists_hold_no_more_of_a_group_and_as_many_groups_as_asked(most, least, limit, epsilon):
    asked = {"most_per_group": most, "least_groups": least, "limit": limit}
    for place in range(8):
        request = a_request(request_id=f"r-{place}")
        found = shown(decided(*shop(), request=request, placement=asked, exploration=Exploration(epsilon, epsilon)))
        groups = [GROUPS[name] for name in found]
        assert most is None or max(map(groups.count, groups)) <= most
        assert len(set(groups)) >= min(least, limit, 3)
        assert len(found) == min(limit, 5 if most is None else {1: 3, 2: 4}[most])


def test_the_probabilities_of_a_varied_list_are_those_of_what_may_still_be_drawn():
    asked = {"most_per_group": 1, "limit": 3}
    catalog = compile_catalog(
        a_catalog(*shop(), placements={"home": Placement("home", "web", must_fill=True, **asked)})
    )
    for place in range(30):
        found = consider(a_request(request_id=f"r-{place}"), a_customer(), catalog=catalog, scorer=CatalogScorer())
        first, second, third = found.ranked
        left = 4 - (GROUPS[first.action] == "cards") * 2
        assert (first.rank_probability, second.rank_probability) == (1 / 5, pytest.approx(1 / left))
        assert len({GROUPS[each.action] for each in (first, second, third)}) == 3


TEXT = """\
currency: EUR
channels: {{web: {{explore: false}}}}
placements: {{home: {{channel: web, most_per_group: 1, least_groups: 2}}}}
contact_policy: {{exclusive: [{{name: cards, actions: {actions}, within_days: 7}}]}}
actions:
  card: {{issue: grow, group: cards, value: 1, mandatory: true, treatments: {{banner: {{channel: web}}}}}}
  loan: {{issue: grow, group: loans, value: 1, treatments: {{banner: {{channel: web}}}}}}
"""


def test_the_file_says_all_of_it_and_unknown_actions_are_refused():
    catalog = read_catalog(TEXT.format(actions="[card, loan]"))
    assert catalog.contact_policy.exclusive == (Exclusive("cards", ("card", "loan"), 7 * DAY),)
    assert (catalog.actions["card"].mandatory, catalog.channels["web"].explore) == (True, False)
    assert catalog.placements["home"].variety == (1, 2)
    with pytest.raises(CatalogError, match=r"contact_policy.exclusive\[0\].actions: unknown action 'lone'"):
        read_catalog(TEXT.format(actions="[card, lone]"))
    with pytest.raises(CatalogError, match=r"contact_policy.exclusive\[0\].actions"):
        read_catalog(TEXT.format(actions="[card]"))
