import pytest
from ledger_builders import NOW, an_event, an_identify, at

from decisioning.customer import CustomerReference
from features.identity import IdentityGraph, unknown_customer_id
from features.identity_cluster import customer_id_of
from features.identity_nodes import IdentityNodes
from features.intake import Intake
from features.ledger import Ledger
from features.record import LINK, link_of


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def take(ledger, *events):
    return Intake(ledger).accept(events, received_at=NOW)


def who(ledger, kind, value):
    return IdentityGraph(ledger).resolve(CustomerReference(kind, value))


def test_an_identifier_nobody_mentioned_is_nobody(ledger):
    assert who(ledger, "user_id", "u-1") is None
    assert who(ledger, "customer_id", "c_0123456789abcdef") is None


def test_a_visit_and_the_login_that_follows_are_one_customer(ledger):
    take(ledger, an_event("m-1", userId=..., anonymousId="a-1"), an_event("m-2", anonymousId="a-1"))
    assert who(ledger, "anonymous_id", "a-1") == who(ledger, "user_id", "u-1") is not None


@pytest.mark.parametrize(
    ("kind", "value", "traits"),
    [
        ("email", "ANA@example.org", {"email": "ana@example.org ", "email_verified": True}),
        ("phone", "0034600112233", {"phone": "+34 600 112 233"}),
        ("loyalty_id", "L-7", {"loyalty_id": "L-7"}),
    ],
)
def test_a_strong_identifier_links_two_user_ids(ledger, kind, value, traits):
    take(ledger, an_identify("m-1", traits), an_identify("m-2", traits, userId="u-2"))
    assert who(ledger, "user_id", "u-1") == who(ledger, "user_id", "u-2") == who(ledger, kind, value)


def test_an_email_that_nobody_verified_links_nothing(ledger):
    traits = {"email": "ana@example.org"}
    take(ledger, an_identify("m-1", traits), an_identify("m-2", traits, userId="u-2"))
    assert who(ledger, "user_id", "u-1") != who(ledger, "user_id", "u-2")


def test_an_alias_joins_the_previous_id_whatever_its_kind(ledger):
    take(ledger, an_event("m-1", userId=..., anonymousId="a-1"), an_event("m-2", userId="old"))
    alias = {"type": "alias", "userId": "u-1", "timestamp": at(-5).isoformat()}
    take(ledger, {**alias, "messageId": "m-3", "previousId": "a-1"}, {**alias, "messageId": "m-4", "previousId": "old"})
    assert who(ledger, "user_id", "u-1") == who(ledger, "anonymous_id", "a-1") == who(ledger, "user_id", "old")


def test_the_customer_is_named_after_the_earliest_record(ledger):
    take(ledger, an_event("m-2", timestamp=at(-10).isoformat()), an_event("m-1", timestamp=at(-20).isoformat()))
    assert who(ledger, "user_id", "u-1") == customer_id_of("m-1")


def test_a_former_id_still_leads_to_the_customer(ledger):
    take(ledger, an_event("m-1"))
    first = who(ledger, "user_id", "u-1")
    take(ledger, an_event("m-0", timestamp=at(-999).isoformat()))
    assert who(ledger, "user_id", "u-1") == who(ledger, "customer_id", first) == customer_id_of("m-0") != first


def test_a_merge_is_announced_with_the_customers_it_replaced(ledger):
    take(ledger, an_event("m-1", timestamp=at(-90).isoformat()))
    take(ledger, an_event("m-2", userId=..., anonymousId="a-1"))
    replaced = who(ledger, "anonymous_id", "a-1")
    take(ledger, an_event("m-3", anonymousId="a-1"))
    (record,) = ledger.records(kinds=(LINK,))
    assert link_of(record) == (who(ledger, "user_id", "u-1"), (replaced,))
    assert who(ledger, "customer_id", replaced) == who(ledger, "user_id", "u-1")
    records = ledger.records_of(who(ledger, "user_id", "u-1"))
    assert [each.record_id for each in records if each.kind == "event"] == ["m-1", "m-2", "m-3"]
    assert len(ledger.records_of(who(ledger, "user_id", "u-1"), until_seq=2)) == 2


def test_an_identifier_shared_by_too_many_links_nobody(ledger):
    kiosk = [an_event(f"m-{n}", userId=f"u-{n}", anonymousId="kiosk") for n in range(6)]
    take(ledger, *kiosk[:5])
    assert len({who(ledger, "user_id", f"u-{n}") for n in range(5)}) == 1
    joined = who(ledger, "user_id", "u-0")
    take(ledger, kiosk[5])
    assert len({who(ledger, "user_id", f"u-{n}") for n in range(6)}) == 6
    assert who(ledger, "customer_id", joined) == joined
    announced = {link_of(record).customer_id for record in ledger.records(kinds=(LINK,))}
    assert announced == {who(ledger, "user_id", f"u-{n}") for n in range(5)}


def test_what_else_holds_a_customer_together_survives_a_dissolved_identifier(ledger):
    phone = {"phone": "+34600112233"}
    take(ledger, an_identify("p-1", phone, userId="u-0"), an_identify("p-2", phone, userId="u-1"))
    take(ledger, *(an_event(f"m-{n}", userId=f"u-{n}", anonymousId="kiosk") for n in range(6)))
    assert who(ledger, "user_id", "u-0") == who(ledger, "user_id", "u-1")
    assert who(ledger, "user_id", "u-0") != who(ledger, "user_id", "u-2")


def test_a_visitor_of_a_shared_device_is_a_customer_of_their_own(ledger):
    take(ledger, an_event("k", userId=..., anonymousId="kiosk"))
    take(ledger, *(an_event(f"m-{n}", userId=f"u-{n}", anonymousId="kiosk") for n in range(6)))
    kiosk = who(ledger, "anonymous_id", "kiosk")
    assert [record.record_id for record in ledger.records_of(kiosk) if record.kind == "event"] == ["k"]


def test_an_unknown_customer_has_the_same_id_for_the_same_identifier():
    reference = CustomerReference("email", "Ana@Example.org")
    assert unknown_customer_id(reference) == unknown_customer_id(CustomerReference("email", "ana@example.org"))


def test_the_identifiers_of_a_batch_are_looked_up_at_once(ledger):
    users = [f"u-{number}" for number in range(50)]
    take(ledger, *(an_event(f"m-{user}", userId=user) for user in users))
    before = [who(ledger, "user_id", user) for user in users]
    said: list[str] = []
    ledger.write(lambda connection: connection.set_trace_callback(said.append)).result()
    take(ledger, *(an_event(f"n-{user}", userId=user, anonymousId=f"a-{user}") for user in users))
    assert sum("value IN" in statement for statement in said) == 2
    assert not any("kind = 'user_id' AND value = " in statement for statement in said)
    assert [who(ledger, "anonymous_id", f"a-{user}") for user in users] == before


class Unread(dict):
    """A dictionary that may be asked for one key, but not gone through."""

    def __iter__(self):
        raise AssertionError("gone through")

    keys = items = values = __iter__


def test_a_graph_that_is_held_whole_is_not_gone_through_for_each_batch(ledger):
    """It was, which made every batch of a load dearer the more identifiers there were."""
    take(ledger, an_event("m-1", userId="u-1", anonymousId="a-1"))

    def look(connection):
        nodes = IdentityNodes(connection)
        nodes.load_all()
        nodes._named = Unread(nodes._named)
        nodes.look_up([("user_id", "u-1"), ("user_id", "u-2")])
        return nodes.named(("user_id", "u-1")).is_new, nodes.named(("user_id", "u-2")).is_new

    assert ledger.write(look).result() == (False, True)
