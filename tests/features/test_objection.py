"""Objections: a no to each purpose, kept as consent is; what is owed to a customer cannot be objected to."""

import pytest
from feature_shop import START, Shop

from builders import a_catalog, an_action
from decisioning.customer import CustomerReference
from decisioning.errors import ConflictError, InvalidInputError
from features.consent import ConsentBook
from features.consent_intake import ConsentIntake
from features.privacy.objection import Objection, ObjectionBook, open_to_objection

ANA = CustomerReference("user_id", "ana")
CATALOG = a_catalog(an_action("card"), an_action("notice", purpose="service"), purposes={"service": False})


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    shop.close()


def objected(shop, *to, name="o-1", who=ANA):
    book = ObjectionBook(ConsentIntake(shop.ledger, shop.intake), lambda: CATALOG)
    return book.accept(Objection(name, who, to), received_at=START)


def test_an_objection_is_a_no_to_profiling_and_to_whatever_needs_consent(shop):
    done = objected(shop)
    assert done.to == ("profiling", "marketing") == open_to_objection(CATALOG)
    answers = ConsentBook(shop.ledger).state(done.customer_id).answers
    assert answers == {("profiling", ""): False, ("marketing", ""): False}


def test_an_objection_sent_again_counts_once(shop):
    assert [objected(shop, "marketing").duplicate, objected(shop, "marketing").duplicate] == [False, True]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (["marketing"], {"to": ["profiling"]}),
        (["marketing"], {"to": []}),
        ([], {"to": ["marketing"]}),
        (["marketing"], {"to": ["marketing"], "who": CustomerReference("user_id", "eve")}),
    ],
)
def test_an_objection_id_used_for_something_else_is_a_conflict_and_the_first_one_stands(shop, first, then):
    done = objected(shop, *first)
    with pytest.raises(ConflictError, match="objection_id was used before") as refused:
        objected(shop, *then.pop("to"), **then)
    assert refused.value.field == "objection_id"
    assert ConsentBook(shop.ledger).state(done.customer_id).answers == {(each, ""): False for each in done.to}


def test_an_objection_is_the_same_in_another_order(shop):
    assert objected(shop, "marketing", "profiling").duplicate is False
    assert objected(shop, "profiling", "marketing", "profiling").duplicate is True


def test_what_needs_no_consent_cannot_be_objected_to(shop):
    with pytest.raises(InvalidInputError, match="'service'; allowed: profiling, marketing") as refused:
        objected(shop, "service")
    assert (refused.value.code, refused.value.field) == ("unknown_purpose", "to")
