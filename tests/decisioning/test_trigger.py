"""The right moment: what begins a trigger, when it is due, and how long a customer is left alone after it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON
from decisioning.trigger import Course, Trigger, is_rested, state_of

WORDS = st.dictionaries(st.sampled_from("abc"), st.sampled_from([1, 2, "x"]), max_size=3)
MINUTES = st.none() | st.integers(0, 6)


def at(minute):
    return None if minute is None else NOON + timedelta(minutes=minute)


@given(st.sampled_from(["Added", "Seen"]), WORDS, WORDS)
def test_a_trigger_is_begun_by_its_event_alone_with_every_property_that_it_asks_for(event, said, wanted):
    cart = Trigger("cart", "mail", "Added", where=wanted)
    assert cart.begins(event, said) is (event == "Added" and {**said, **wanted} == said)


@pytest.mark.parametrize(
    ("again_after", "late", "rested"),
    [(5, 4, False), (5, 5, True), (5, 6, True), (None, 10**6, False), (0, 0, True)],
)
def test_a_customer_is_left_alone_for_as_long_as_is_said_and_for_ever_where_nothing_is(again_after, late, rested):
    wait = None if again_after is None else timedelta(minutes=again_after)
    cart = Trigger("cart", "mail", again_after=wait)
    assert is_rested(cart, at(0), now=at(late)) is rested
    assert is_rested(cart, None, now=at(late))


@given(st.tuples(MINUTES, MINUTES, MINUTES, MINUTES), st.integers(0, 3), st.integers(1, 3), MINUTES, st.integers(0, 12))
def test_a_trigger_stands_where_a_plain_reading_of_its_course_says(course, after, within, again_after, minute):
    began, called_off, dealt_with, fired = course
    quiet, late = timedelta(minutes=after), timedelta(minutes=within)
    rest = None if again_after is None else timedelta(minutes=again_after)
    cart = Trigger("cart", "mail", after=quiet, within=late, again_after=rest)
    left_alone = fired is not None and (again_after is None or minute < fired + again_after)
    over = began is None or max(each for each in (-1, called_off, dealt_with) if each is not None) >= began
    if over or left_alone:
        expected = "idle"
    elif minute - began < after:
        expected = "waiting"
    else:
        expected = "due" if minute - began - after < within else "missed"
    assert state_of(cart, Course(*map(at, course)), now=at(minute)) == expected
