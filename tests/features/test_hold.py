"""Holds that people set: they stand from the acknowledgement on, end by themselves, follow a merge, and fail closed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from feature_shop import START, Shop

from decisioning.customer import CustomerReference, StandingHold
from decisioning.errors import ConflictError, ErasedError, InvalidInputError
from features.hold import HoldBook, HoldReader, SetHold
from features.privacy.erasure import ErasureBook
from features.rebuild import rebuild

ANA = CustomerReference("user_id", "ana")


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    shop.close()


def set_hold(shop, name="sales", *, at=START, **more):
    hold = SetHold(f"h-{shop.sent}-{at}", ANA, name, **more)
    return HoldBook(shop.ledger, shop.intake).accept(hold, received_at=at).customer_id


def standing(shop, customer_id, *, at=START):
    return [each.name for each in HoldReader(shop.ledger).standing(customer_id, at)]


def test_a_hold_stands_until_it_is_released(shop):
    customer_id = set_hold(shop, issues=("grow",))
    assert standing(shop, customer_id) == ["sales"]
    set_hold(shop, at=START + timedelta(hours=1), released=True)
    assert standing(shop, customer_id, at=START + timedelta(hours=2)) == []


def test_a_hold_ends_by_itself(shop):
    customer_id = set_hold(shop, until=START + timedelta(days=1))
    assert standing(shop, customer_id, at=START + timedelta(hours=23)) == ["sales"]
    assert standing(shop, customer_id, at=START + timedelta(days=1)) == []


def test_a_hold_follows_a_merge_and_a_rebuild(shop):
    set_hold(shop)
    shop.send({"type": "identify", "userId": "ana", "anonymousId": "a-1", "traits": {}})
    customer_id = shop.customer("a-1", kind="anonymous_id")
    assert standing(shop, customer_id) == ["sales"]
    rebuild(shop.ledger)
    assert standing(shop, customer_id) == ["sales"]


@pytest.mark.parametrize("is_merged", [False, True])
@pytest.mark.parametrize("arrives_first", ["set", "released"])
@pytest.mark.parametrize("comes_last", ["set", "released"])
def test_of_one_name_the_newest_word_counts_whichever_arrives_first(shop, comes_last, arrives_first, is_merged):
    book = HoldBook(shop.ledger, shop.intake)
    shop.send({"type": "identify", "userId": "ana", "traits": {}}, {"type": "page", "anonymousId": "a-1"})
    whose = {"set": ANA, "released": CustomerReference("anonymous_id", "a-1") if is_merged else ANA}
    for word in sorted(whose, key=lambda word: word != arrives_first):
        hold = SetHold(f"h-{word}", whose[word], "sales", released=word == "released")
        book.accept(hold, received_at=START + timedelta(hours=2 if word == comes_last else 1))
    shop.send({"type": "identify", "userId": "ana", "anonymousId": "a-1", "traits": {}})
    customer_id = shop.customer("ana")
    expected = ["sales"] if comes_last == "set" else []
    assert standing(shop, customer_id, at=START + timedelta(hours=3)) == expected
    rebuild(shop.ledger)
    assert standing(shop, customer_id, at=START + timedelta(hours=3)) == expected


@pytest.mark.parametrize("issues", [(), ("grow",), ("grow", "keep")])
@pytest.mark.parametrize("until", [None, START + timedelta(days=1)])
def test_a_hold_stands_for_the_issues_and_until_the_moment_that_were_said(shop, issues, until):
    customer_id = set_hold(shop, issues=issues, until=until)
    assert HoldReader(shop.ledger).standing(customer_id, START) == (StandingHold("sales", issues, until),)


@pytest.mark.parametrize("said", [{}, {"issues": None}, {"issues": []}])
def test_an_event_that_names_no_issue_holds_them_all(shop, said):
    shop.send({"type": "track", "event": "Hold Set", "userId": "ana", "properties": {"hold": "sales", **said}})
    assert HoldReader(shop.ledger).standing(shop.customer("ana"), START) == (StandingHold("sales"),)


def test_a_page_that_is_named_like_a_hold_holds_nobody(shop):
    for number, name in enumerate(("Hold Set", "Hold Released")):
        shop.send({"type": "page", "name": name, "userId": "ana", "properties": {"hold": "sales"}})
        assert standing(shop, shop.customer("ana")) == ["sales"] * number
        set_hold(shop)


def test_a_hold_without_a_name_is_refused(shop):
    with pytest.raises(InvalidInputError, match="name"):
        set_hold(shop, name="")


@pytest.mark.parametrize(
    "change", [{"reference": CustomerReference("user_id", "eve")}, {"released": True}, {"issues": ("grow",)}]
)
def test_sent_again_a_hold_counts_once_and_with_another_content_it_is_a_conflict(shop, change):
    book, hold = HoldBook(shop.ledger, shop.intake), SetHold("hx-1", ANA, "sales")
    first = book.accept(hold, received_at=START)
    assert book.accept(hold, received_at=START) == replace(first, duplicate=True)
    with pytest.raises(ConflictError, match="hold_id was used before") as refused:
        book.accept(replace(hold, **change), received_at=START)
    assert refused.value.field == "hold_id"
    assert standing(shop, first.customer_id) == ["sales"]


def test_a_hold_of_an_erased_customer_is_gone_for_its_id(shop):
    book, hold = HoldBook(shop.ledger, shop.intake), SetHold("hx-1", ANA, "sales")
    book.accept(hold, received_at=START)
    ErasureBook(shop.ledger).erase([ANA], now=START + timedelta(hours=1))
    with pytest.raises(ErasedError, match="hold_id") as refused:
        book.accept(hold, received_at=START + timedelta(hours=2))
    assert refused.value.field == "hold_id"
