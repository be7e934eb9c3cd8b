import pytest
from ledger_builders import NOW, an_event, an_identify, at

from decisioning.customer import CustomerReference
from decisioning.errors import InvalidInputError
from features.cleansing.cleanser import Cleansing
from features.golden_record import FieldValue, GoldenRecord, GoldenRules
from features.identity import IdentityGraph
from features.identity_rules import IdentityRules
from features.intake import Intake
from features.ledger import Ledger
from features.override import Override, override_event
from features.source import Source, Sources
from features.survivorship import MOST_RECENT, Survivorship


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def take(ledger, *events):
    Intake(ledger).accept(events, received_at=NOW)


def profile(ledger, user="u-1", **rules):
    customer_id = IdentityGraph(ledger).resolve(CustomerReference("user_id", user))
    return GoldenRecord(ledger, GoldenRules(**rules)).profile(customer_id)


def values(ledger, **rules):
    return {name: field.value for name, field in profile(ledger, **rules).fields.items()}


def test_every_field_says_where_it_came_from(ledger):
    take(ledger, an_identify("m-1", {"age": 40}, timestamp=at(-9).isoformat()))
    assert profile(ledger).fields == {"age": FieldValue(40, 40, "http", "m-1", at(-9), MOST_RECENT)}


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


def test_what_lost_is_kept_best_first(ledger):
    take(ledger, *(an_identify(f"m-{n}", {"city": city}) for n, city in enumerate(("Ube", "Oka", "Abu"))))
    city = profile(ledger).fields["city"]
    assert [(each.value, each.message_id) for each in (city, *city.losing)] == [
        ("Abu", "m-2"),
        ("Oka", "m-1"),
        ("Ube", "m-0"),
    ]


def test_customers_that_become_one_share_one_profile(ledger):
    first = an_identify("m-1", {"age": 40, "city": "Ube"}, timestamp=at(-9).isoformat())
    second = an_identify("m-2", {"age": 41, "nick": {"given": "Ana"}}, userId="u-2", timestamp=at(-5).isoformat())
    take(ledger, first, second, an_event("m-3", anonymousId="a-1"), an_event("m-4", userId="u-2", anonymousId="a-1"))
    assert values(ledger) == {"age": 41, "city": "Ube", "nick": {"given": "Ana"}}
    assert profile(ledger, "u-2") == profile(ledger, "u-1")


def test_customers_that_come_apart_have_their_own_claims_again(ledger):
    Intake(ledger, rules=IdentityRules(max_per_identifier=2)).accept(
        [
            an_identify("m-1", {"city": "Ube", "phone": "+34600000001"}),
            an_identify("m-2", {"city": "Oka", "phone": "+34600000001"}, userId="u-2"),
        ],
        received_at=NOW,
    )
    assert values(ledger)["city"] == "Oka"
    shared = an_identify("m-3", {"phone": "+34600000001"}, userId="u-3")
    Intake(ledger, rules=IdentityRules(max_per_identifier=2)).accept([shared], received_at=NOW)
    assert [profile(ledger, user).fields["city"].value for user in ("u-1", "u-2")] == ["Ube", "Oka"]


def test_a_field_shows_what_was_sent_beside_how_it_is_read(ledger):
    take(ledger, an_identify("m-1", {"phone": "600 11 22 33", "birthday": "n/a", "country": "Spain"}))
    phone, birthday, _ = (profile(ledger).fields[name] for name in ("phone", "birthday", "country"))
    assert (phone.value, phone.raw, phone.cleansed_by) == ("+34600112233", "600 11 22 33", "phone: E.164")
    assert (birthday.value, birthday.raw, birthday.note) == ("n/a", "n/a", "stands for nothing")


def test_cleansing_and_survivorship_are_read_anew_so_a_workspace_may_change_its_mind(ledger):
    take(ledger, an_identify("m-1", {"phone": "600 11 22 33"}))
    Intake(ledger).accept([an_identify("m-2", {"phone": "600112244"})], received_at=NOW, source="crm")
    assert values(ledger) == {"phone": "600112244"}
    spanish = Cleansing(default_country="ES")
    assert values(ledger, cleansing=spanish) == {"phone": "+34600112244"}
    trusted = Survivorship(fields={"phone": "most_trusted"})
    assert values(ledger, cleansing=spanish, survivorship=trusted) == {"phone": "+34600112233"}
    sources = Sources([Source(name="crm", trust=9)])
    assert values(ledger, cleansing=spanish, survivorship=trusted, sources=sources) == {"phone": "+34600112244"}


def override(ledger, message_id, traits, seconds, **changes):
    event = override_event(("user_id", "u-1"), traits, Override("ana", "she called", **changes))
    sent = event | {"messageId": message_id, "timestamp": at(seconds).isoformat()}
    Intake(ledger).accept([sent], received_at=NOW, source="manual")


def test_an_override_says_who_and_why_and_can_be_taken_back(ledger):
    override(ledger, "m-1", {"city": "Oka"}, -50)
    take(ledger, an_identify("m-2", {"city": "Ube"}))
    city = profile(ledger).fields["city"]
    assert (city.value, city.rule, city.override) == ("Oka", "manual", Override("ana", "she called"))
    override(ledger, "m-3", {"city": None}, -20, removed=True)
    assert values(ledger) == {"city": "Ube"}


@pytest.mark.parametrize("missing", ["by", "why"])
def test_an_override_by_nobody_or_for_no_reason_is_refused(missing):
    said = Override("ana", "she called")._replace(**{missing: " "})
    with pytest.raises(InvalidInputError, match=missing):
        override_event(("user_id", "u-1"), {"city": "Ube"}, said)


def test_a_sender_that_writes_an_override_of_its_own_sets_nothing_by_hand(ledger):
    event = override_event(("user_id", "u-1"), {"city": "Oka"}, Override("mallory", "why not"))
    take(ledger, event | {"messageId": "m-1", "timestamp": at(-90).isoformat()}, an_identify("m-2", {"city": "Ube"}))
    assert values(ledger) == {"city": "Ube"}


def test_a_customer_of_whom_nothing_is_known_has_an_empty_profile(ledger):
    assert GoldenRecord(ledger).profile("c_nobody").fields == {}
