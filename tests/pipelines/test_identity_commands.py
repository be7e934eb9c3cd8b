"""`tsugi merge`, `unmerge`, `review` and `resolve` on one small home."""

import pytest

from decisioning.errors import NotFoundError
from pipelines.composition import compose
from pipelines.init import write_workspace
from pipelines.merge import Word, said_in_words, say
from pipelines.profile import profile_of
from pipelines.resolve import resolve_all, resolved_in_words
from pipelines.review import Decided, decide_review, list_reviews, reviews_in_words

PHONE = "+34600112233"
EVENTS = [
    {"type": "identify", "userId": "ana", "traits": {"phone": PHONE, "birthday": "1980-05-17"}},
    {"type": "identify", "userId": "bea", "traits": {"phone": PHONE, "birthday": "1999-01-02"}},
    {"type": "track", "event": "Order Completed", "userId": "old", "properties": {"revenue": 40}},
    {"type": "group", "userId": "ana", "groupId": "h-7", "traits": {"type": "household"}},
]


@pytest.fixture
def place(tmp_path):
    """(home, workspace) with four events of three customers, two of whom one phone would join."""
    write_workspace(tmp_path / "shop")
    moments = [{"messageId": f"m-{n}", "timestamp": f"2026-11-0{n}T10:00:00Z"} for n in range(1, 5)]
    events = [event | moment for event, moment in zip(EVENTS, moments, strict=True)]
    with compose(tmp_path / "home", tmp_path / "shop") as composition:
        composition.intake.accept(events, received_at=composition.clock(), backfill=True)
    return tmp_path / "home", tmp_path / "shop"


def orders(place, customer):
    return profile_of(*place, customer)["features"]["orders"]


def test_resolve_says_how_many_pairs_wait(place):
    resolved = resolve_all(*place)
    assert (resolved.customers, resolved.records, resolved.waiting) == (3, 4, 1)
    assert "pairs that wait for review (`tsugi review`): 1" in resolved_in_words(resolved)


def test_what_is_accepted_and_declined_shows_at_once(place):
    waiting = list_reviews(*place, state="open", limit=9)
    (review,) = waiting.pairs
    assert f"{review.review_id}  phone:{PHONE} ~ user_id:bea: conflicting birth" in reviews_in_words(waiting)
    assert decide_review(*place, Decided(review.review_id, True, "looked at", "clerk")).are_one
    assert not decide_review(*place, Decided(review.review_id, False, "looked again", "clerk")).are_one
    assert list_reviews(*place, state="open", limit=9).total == 0
    assert list_reviews(*place, state="declined", limit=9).total == 1


def test_features_follow_a_merge_and_come_back(place):
    ana = profile_of(*place, "user_id:ana")["customer_id"]
    merged = say(*place, Word("merge", ana, "user_id:old", "told us", "service"))
    assert said_in_words(merged) == f"merged: {ana}"
    assert orders(place, "user_id:ana") == 1.0
    apart = say(*place, Word("unmerge", "user_id:ana", "user_id:old", "a mistake", "service"))
    assert not apart.are_one
    assert (orders(place, "user_id:ana"), orders(place, "user_id:old")) == (0.0, 1.0)


@pytest.mark.parametrize(("one", "other", "which"), [("nobody", "ana", "first"), ("ana", "nobody", "second")])
def test_of_two_it_is_said_which_one_nothing_is_recorded_of(place, one, other, which):
    with pytest.raises(NotFoundError, match=f"nothing is recorded of the {which}, a user_id"):
        say(*place, Word("merge", f"user_id:{one}", f"user_id:{other}", "told us", "service"))


def test_a_merge_that_a_guard_stops_says_so(place):
    said = say(*place, Word("merge", "user_id:ana", "user_id:bea", "told us", "service"))
    assert said_in_words(said).startswith("not merged: c_")
    assert list_reviews(*place, state="open", limit=9).total == 2


def test_a_profile_shows_groups(place):
    (group,) = profile_of(*place, "user_id:ana")["groups"]
    assert (group["group_id"], group["members"], group["traits"]) == ("h-7", 1, {"type": "household"})
