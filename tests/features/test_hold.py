"""Holds that people set: they stand from the acknowledgement on, end by themselves, follow a merge, and fail closed."""

from datetime import timedelta

import pytest
from feature_shop import START, Shop

from decisioning.customer import CustomerReference
from decisioning.errors import InvalidInputError
from features.hold import HoldBook, HoldReader, SetHold
from features.rebuild import rebuild

ANA = CustomerReference("user_id", "ana")


@pytest.fixture
def shop(tmp_path):
    shop = Shop(tmp_path)
    yield shop
    shop.close()


def set_hold(shop, name="sales", *, at=START, **more):
    hold = SetHold(f"h-{shop.sent}-{at}", ANA, name, **more)
    return HoldBook(shop.ledger, shop.intake).accept(hold, received_at=at)


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


def test_a_hold_without_a_name_is_refused(shop):
    with pytest.raises(InvalidInputError, match="name"):
        set_hold(shop, name="")
