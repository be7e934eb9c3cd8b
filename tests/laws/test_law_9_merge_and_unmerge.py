"""Law 9: merge then unmerge is the identity, for profile, features, consent, contacts and customer ids.

Of two that an event links and a guard keeps apart, an unmerge is the first to say that they are two: their customer may
then be small enough to be joined, and the law does not speak of them.
"""

from datetime import timedelta
from pathlib import Path

from feature_shop import FEATURES, assert_same
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from ledger_builders import NOW, a_statement, an_event, at
from ledger_histories import IDENTIFIERS, OTHER, OWNER, RULES, a_ledger, histories, take

from features.consent import ConsentBook
from features.contacts import ContactBook
from features.golden_record import GoldenRecord
from features.group.reader import GroupReader
from features.groups import GroupBook
from features.identity import IdentityGraph
from features.identity_merge import MergeBook
from features.online import OnlineFeatures
from features.online_store import PackedRows
from features.projection import FeatureProjection

LATER = NOW + timedelta(days=3)
U0, U1, A0 = ("user_id", "u-0"), ("user_id", "u-1"), ("anonymous_id", "a-0")
_LINKED = f"SELECT o.kind, o.value FROM link l {OWNER} {OTHER} WHERE i.kind = ? AND i.value = ?"


class Reader:
    """What every identifier of a ledger has, features from an online store that is caught up at each reading."""

    def __init__(self, ledger):
        self.ledger = ledger
        store = Path(ledger.path).with_name("online.db")
        self.projection = FeatureProjection(ledger, PackedRows(store), FEATURES)
        self.online = OnlineFeatures(store, FEATURES, GroupReader(ledger, FEATURES.groups.kinds))

    def everything(self):
        self.projection.catch_up()
        customers = self.customers()
        return {"ids": customers} | {name: self.of(name) for name in set(customers.values()) if name}

    def customers(self):
        graph = IdentityGraph(self.ledger)
        return {identifier: graph.customer_of(identifier) for identifier in IDENTIFIERS}

    def linked_to(self, identifier):
        with self.ledger.read() as connection:
            return connection.execute(_LINKED, identifier).fetchall()

    def of(self, customer_id):
        history = ContactBook(self.ledger).history(customer_id, NOW - timedelta(days=99), LATER)
        return {
            "profile": GoldenRecord(self.ledger).profile(customer_id),
            "consent": ConsentBook(self.ledger).state(customer_id),
            "groups": GroupBook(self.ledger).of_customer(customer_id),
            "contacts": (history.contacts, history.answers),
            "features": self.online.read(customer_id, LATER),
        }


def say(ledger, name, verb, pair):
    said = a_statement(name, verb, pair, occurred_at=at(30 + len(name)))
    MergeBook(ledger, RULES).state([said], received_at=at(60))


def assert_equal(one, other):
    """Equal, decayed sums to 1e-9."""
    assert one.keys() == other.keys()
    assert one["ids"] == other["ids"]
    for name in one.keys() - {"ids"}:
        for part in ("profile", "consent", "contacts", "groups"):
            assert one[name][part] == other[name][part]
        assert_same(one[name]["features"] or {}, other[name]["features"] or {})


@settings(max_examples=60, deadline=None)
@given(histories(), st.data())
def test_merge_then_unmerge_is_the_identity(history, data):
    with a_ledger() as ledger:
        take(ledger, history)
        reader = Reader(ledger)
        before = reader.everything()
        owned = {identifier: owner for identifier, owner in before["ids"].items() if owner}
        if len(set(owned.values())) == 1 or not owned:
            return
        one = data.draw(st.sampled_from(sorted(owned)))
        linked = set(reader.linked_to(one))
        others = sorted(each for each in owned if owned[each] != owned[one] and each not in linked)
        assume(others)
        other = data.draw(st.sampled_from(others))
        say(ledger, "m", "merge", (one, other))
        between = reader.everything()
        say(ledger, "um", "unmerge", (other, one))
        assert_equal(reader.everything(), before)
        say(ledger, "mum", "merge", (one, other))
        assert_equal(reader.everything(), between)


def test_a_no_between_two_that_an_event_links_can_leave_a_customer_small_enough_to_be_one():
    pairs = (("u-0", "a-0"), ("u-0", "a-1"), ("u-1", "a-1"), ("u-3", "a-0"))
    events = [an_event(f"m-{n}", userId=user, anonymousId=device) for n, (user, device) in enumerate(pairs)]
    with a_ledger() as ledger:
        take(ledger, [("event", event) for event in events])
        take(ledger, [("statement", a_statement("s", "merge", (U0, ("user_id", "u-2")), certain=True))])
        customers = Reader(ledger).customers()
        assert customers[U0] != customers[U1]
        say(ledger, "um", "unmerge", (U0, A0))
        customers = Reader(ledger).customers()
        assert customers[U0] == customers[U1] != customers[A0]
