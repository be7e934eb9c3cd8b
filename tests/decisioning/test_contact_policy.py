from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, an_action
from decisioning.action import Treatment
from decisioning.catalog import Cap, ContactPolicy, Rest
from decisioning.contact_policy import Count, cap_keys, limits
from decisioning.customer import Answer, Contact, ContactHistory
from decisioning.ports import Candidate

WEEK = timedelta(days=7)
CARD = Candidate(an_action("card"), Treatment("banner", "web"))


def a_contact(**changes):
    return Contact(**{"action": "card", "group": "cards", "channel": "web", "at": NOON - timedelta(days=1), **changes})


def _cap(cap, *contacts):
    policy = ContactPolicy(caps=(cap,))
    left = limits(policy, ContactHistory(contacts=contacts), now=NOON)
    return next(map(left.words, left.exhausted(cap_keys(policy, CARD))), None)


@pytest.mark.parametrize(
    ("scope", "contact", "reached"),
    [
        ("action", a_contact(), True),
        ("action", a_contact(action="loan"), False),
        ("group", a_contact(action="loan"), True),
        ("group", a_contact(group="loans"), False),
        ("channel", a_contact(group="loans"), True),
        ("channel", a_contact(channel="email"), False),
        ("customer", a_contact(action="x", group="y", channel="email"), True),
    ],
)
def test_a_cap_counts_what_its_scope_says(scope, contact, reached):
    assert (_cap(Cap(scope, 1, WEEK), contact) is not None) is reached


def test_a_cap_for_one_name_leaves_the_others_alone():
    assert _cap(Cap("channel", 1, WEEK, only="email"), a_contact()) is None
    assert _cap(Cap("channel", 0, WEEK, only="web")) == "channel cap of 0 within 7 days"


def test_a_contact_older_than_the_period_no_longer_counts():
    assert _cap(Cap("customer", 1, WEEK), a_contact(at=NOON - WEEK)) is None


def test_a_reservation_counts_until_it_expires():
    cap = Cap("customer", 1, WEEK)
    assert _cap(cap, a_contact(expires_at=NOON + timedelta(seconds=1))) is not None
    assert _cap(cap, a_contact(expires_at=NOON)) is None


def test_what_was_just_drawn_counts_against_what_follows():
    policy = ContactPolicy(caps=(Cap("group", 2, WEEK),))
    count, keys = Count(limits(policy, ContactHistory(), now=NOON)), cap_keys(policy, CARD)
    assert count.take(keys) == []
    assert count.take(keys) == list(keys)


REST = Rest("reject", times=2, within=timedelta(days=30), rest=timedelta(days=30))


def _answers(*days):
    return [Answer("card", "cards", "reject", NOON - timedelta(days=day)) for day in days]


@pytest.mark.parametrize(
    ("days", "rests"),
    [
        ((1, 2), True),
        ((1,), False),
        ((29, 50), True),
        ((30, 31), False),
        ((1, 31), False),
        ((1, 45), False),
        ((5, 40, 60), False),
    ],
)
def test_twice_rejected_within_the_period_rests_from_the_last_rejection(days, rests):
    left = limits(ContactPolicy(rests=(REST,)), ContactHistory(answers=_answers(*days)), now=NOON)
    assert (left.rest(CARD) is not None) is rests


def test_a_rest_of_a_group_covers_its_other_actions():
    group_rest = Rest("reject", 1, WEEK, WEEK, scope="group")
    left = limits(ContactPolicy(rests=(group_rest,)), ContactHistory(answers=_answers(1)), now=NOON)
    assert left.rest(Candidate(an_action("other", group="cards"), Treatment("banner", "web")))
    assert not left.rest(Candidate(an_action("other", group="loans"), Treatment("banner", "web")))


def test_memory_is_as_long_as_the_longest_limit_looks_back():
    assert ContactPolicy(caps=(Cap("customer", 1, WEEK),), rests=(REST,)).memory == timedelta(days=60)


@given(st.lists(st.integers(0, 20), max_size=6), st.integers(0, 6))
def test_a_cap_is_reached_by_as_many_contacts_within_its_period_as_it_allows(days, at_most):
    contacts = [a_contact(at=NOON - timedelta(days=ago)) for ago in days]
    n_within = sum(ago < 7 for ago in days)
    assert (_cap(Cap("customer", at_most, WEEK), *contacts) is not None) is (n_within >= at_most)


def test_only_the_outcome_that_a_rest_names_counts_towards_it():
    others = [replace(each, type="click") for each in _answers(1, 2)]
    for answers in (others, [*others[:1], *_answers(2)]):
        left = limits(ContactPolicy(rests=(REST,)), ContactHistory(answers=answers), now=NOON)
        assert left.rest(CARD) is None


def test_a_calendar_cap_looks_at_the_moment_itself_where_no_clock_is_the_customers_own():
    policy = ContactPolicy(caps=(Cap("customer", 1, per="day"),))
    for at, n_used in ((NOON - timedelta(hours=12), 1), (NOON - timedelta(hours=12, seconds=1), 0)):
        left = limits(policy, ContactHistory(contacts=[a_contact(at=at)]), now=NOON)
        assert sum(left.used.values()) == n_used
