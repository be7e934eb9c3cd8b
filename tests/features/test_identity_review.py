"""The clerical review list: what waits, why, on what evidence; and decisions that survive a rebuild."""

from pathlib import Path

import pytest
from ledger_builders import NOW, a_statement, an_event, an_identify, at

from decisioning.errors import NotFoundError
from features.identity import IdentityGraph
from features.identity_merge import MergeBook
from features.identity_review import ReviewBook, review_id_of
from features.identity_rules import IdentityRules
from features.intake import Intake
from features.ledger import Ledger
from features.rebuild import rebuild

RULES = IdentityRules(max_per_identifier=2)
ANA, BEA = ("user_id", "u-1"), ("user_id", "u-2")
PHONE = {"phone": "+34600112233"}


@pytest.fixture
def ledger(tmp_path: Path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


@pytest.fixture
def book(ledger):
    return ReviewBook(ledger, MergeBook(ledger, RULES))


def take(ledger, *events):
    Intake(ledger, rules=RULES).accept(events, received_at=NOW)


def say(ledger, name, verb, *pair, **changes):
    MergeBook(ledger, RULES).state([a_statement(name, verb, pair, **changes)], received_at=NOW)


def are_one(ledger):
    return IdentityGraph(ledger).customer_of(ANA) == IdentityGraph(ledger).customer_of(BEA)


def two_born_on(ledger, one="1980-05-17", other="1999-01-02", **traits):
    take(ledger, an_identify("m-1", {"birthday": one, **traits}, timestamp=at(-99).isoformat()))
    take(ledger, an_identify("m-2", {"birthday": other, **traits}, userId="u-2"))


def test_a_conflict_waits_with_the_facts_of_both_sides(ledger, book):
    two_born_on(ledger, **PHONE)
    (review,) = book.reviews()
    assert {review.one, review.other} == {("phone", PHONE["phone"]), BEA}
    assert review.reason == "conflicting birth"
    assert sorted(review.evidence["birth"]) == [["1980-05-17"], ["1999-01-02"]]
    assert review.state == "open"


def test_accepting_a_conflict_makes_one_customer_and_declining_it_later_two(ledger, book):
    two_born_on(ledger, **PHONE)
    (review,) = book.reviews()
    book.accept(review.review_id, at=NOW)
    assert are_one(ledger)
    assert book.reviews() == []
    assert [each.review_id for each in book.reviews("accepted")] == [review.review_id]
    book.decline(review.review_id, at=at(1))
    assert not are_one(ledger)
    assert (book.reviews(), book.reviews("accepted")) == ([], [])
    assert [each.review_id for each in book.reviews("declined")] == [review.review_id]


def test_a_merge_that_a_guard_stops_waits_with_its_evidence(ledger, book):
    two_born_on(ledger)
    say(ledger, "1", "merge", ANA, BEA, weight=8.5, evidence={"surname": 0.98}, said_by="matching")
    (review,) = book.reviews()
    assert (review.reason, review.weight, review.said_by) == ("conflicting birth", 8.5, "matching")
    assert review.evidence["surname"] == 0.98
    assert review.review_id == review_id_of(BEA, ANA)


def test_a_merge_with_what_links_nothing_waits(ledger, book):
    take(ledger, *(an_event(f"m-{n}", userId=f"u-{n}", anonymousId="kiosk") for n in range(3)))
    say(ledger, "1", "merge", ANA, ("anonymous_id", "kiosk"))
    (review,) = book.reviews()
    assert review.reason == "shared by too many"


def test_a_merge_of_what_was_unmerged_otherwise_waits_and_is_never_silent(ledger, book):
    take(ledger, an_event("m-1", anonymousId="a-1"), an_event("m-2", userId="u-2"))
    say(ledger, "1", "unmerge", ANA, BEA)
    say(ledger, "2", "merge", ("anonymous_id", "a-1"), BEA, certain=True)
    (review,) = book.reviews()
    assert review.reason == "unmerged"


def test_a_proposal_links_nothing_until_it_is_accepted(ledger, book):
    take(ledger, an_event("m-1"), an_event("m-2", userId="u-2"))
    say(ledger, "1", "proposal", ANA, BEA, weight=3.0, evidence={"city": "same"}, reason="alike")
    assert not are_one(ledger)
    (review,) = book.reviews()
    assert (review.reason, review.weight, review.evidence) == ("alike", 3.0, {"city": "same"})
    book.accept(review.review_id, at=NOW)
    assert are_one(ledger)
    assert book.reviews() == []


def test_what_was_declined_is_not_asked_again(ledger, book):
    take(ledger, an_event("m-1"), an_event("m-2", userId="u-2"))
    say(ledger, "1", "proposal", ANA, BEA)
    book.decline(review_id_of(ANA, BEA), at=NOW)
    say(ledger, "2", "proposal", ANA, BEA, occurred_at=at(9))
    assert book.reviews() == []


def test_the_weightiest_pair_comes_first(ledger, book):
    take(ledger, *(an_event(f"m-{n}", userId=f"u-{n}") for n in range(1, 4)))
    say(ledger, "1", "proposal", ANA, BEA, weight=1.0)
    say(ledger, "2", "proposal", ANA, ("user_id", "u-3"), weight=5.0)
    assert [review.weight for review in book.reviews()] == [5.0, 1.0]


def test_decisions_survive_a_rebuild(ledger, book):
    two_born_on(ledger, **PHONE)
    take(ledger, *(an_event(f"m-{n}", userId=f"u-{n}") for n in range(3, 6)))
    say(ledger, "1", "proposal", ("user_id", "u-3"), ("user_id", "u-4"))
    say(ledger, "2", "proposal", ("user_id", "u-3"), ("user_id", "u-5"))
    book.accept(book.reviews()[0].review_id, at=NOW)
    book.decline(book.reviews()[0].review_id, at=NOW)
    before = [book.reviews(state) for state in ("open", "accepted", "declined")]
    assert [len(found) for found in before] == [1, 1, 1]
    rebuild(ledger, RULES)
    assert [book.reviews(state) for state in ("open", "accepted", "declined")] == before


def test_a_pair_that_nobody_asked_about_cannot_be_decided(book):
    with pytest.raises(NotFoundError, match="no pair has this id"):
        book.accept("r_0", at=NOW)
