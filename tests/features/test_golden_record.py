import pytest
from ledger_builders import NOW, an_event, an_identify, at

from decisioning.customer import CustomerReference
from features.golden_record import MOST_RECENT, FieldValue, GoldenRecord
from features.identity import IdentityGraph
from features.intake import Intake
from features.ledger import Ledger


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def take(ledger, *events):
    Intake(ledger).accept(events, received_at=NOW)


def profile(ledger, user="u-1"):
    return GoldenRecord(ledger).profile(IdentityGraph(ledger).resolve(CustomerReference("user_id", user)))


def values(ledger):
    return {name: field.value for name, field in profile(ledger).fields.items()}


def test_every_field_says_where_it_came_from(ledger):
    take(ledger, an_identify("m-1", {"age": 40}, timestamp=at(-9).isoformat()))
    assert profile(ledger).fields == {"age": FieldValue(40, "http", "m-1", at(-9), MOST_RECENT)}


def test_the_most_recent_value_wins_field_by_field_whenever_it_arrives(ledger):
    take(ledger, an_identify("m-2", {"age": 41}, timestamp=at(-5).isoformat()))
    take(ledger, an_identify("m-1", {"age": 40, "city": "Ube"}, timestamp=at(-9).isoformat()))
    assert values(ledger) == {"age": 41, "city": "Ube"}


def test_at_the_same_moment_the_larger_message_id_wins(ledger):
    take(ledger, an_identify("m-2", {"age": 41}), an_identify("m-1", {"age": 40}))
    assert values(ledger) == {"age": 41}


def test_a_null_empties_a_field(ledger):
    take(ledger, an_identify("m-1", {"city": "Ube"}), an_identify("m-2", {"city": None}))
    assert values(ledger) == {"city": None}


def test_customers_that_become_one_share_one_profile(ledger):
    first = an_identify("m-1", {"age": 40, "city": "Ube"}, timestamp=at(-9).isoformat())
    second = an_identify("m-2", {"age": 41, "name": {"given": "Ana"}}, userId="u-2", timestamp=at(-5).isoformat())
    take(ledger, first, second, an_event("m-3", anonymousId="a-1"), an_event("m-4", userId="u-2", anonymousId="a-1"))
    assert values(ledger) == {"age": 41, "city": "Ube", "name": {"given": "Ana"}}
    assert profile(ledger, "u-2") == profile(ledger, "u-1")


def test_a_customer_of_whom_nothing_is_known_has_an_empty_profile(ledger):
    assert GoldenRecord(ledger).profile("c_nobody").fields == {}
