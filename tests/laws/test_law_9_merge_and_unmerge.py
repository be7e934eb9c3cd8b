"""Law 9: merge then unmerge is the identity, for profile, features, consent, contacts and customer ids."""

from datetime import timedelta
from pathlib import Path

from feature_shop import FEATURES, assert_same
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_builders import NOW, a_statement, at
from ledger_histories import IDENTIFIERS, RULES, a_ledger, histories, take

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


class Reader:
    """What every identifier of a ledger has, features from an online store that is caught up at each reading."""

    def __init__(self, ledger):
        self.ledger = ledger
        store = Path(ledger.path).with_name("online.db")
        self.projection = FeatureProjection(ledger, PackedRows(store), FEATURES)
        self.online = OnlineFeatures(store, FEATURES, GroupReader(ledger, FEATURES.groups.kinds))

    def everything(self):
        self.projection.catch_up()
        graph = IdentityGraph(self.ledger)
        customers = {identifier: graph.customer_of(identifier) for identifier in IDENTIFIERS}
        return {"ids": customers} | {name: self.of(name) for name in set(customers.values()) if name}

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
        other = data.draw(st.sampled_from(sorted(each for each in owned if owned[each] != owned[one])))
        say(ledger, "m", "merge", (one, other))
        between = reader.everything()
        say(ledger, "um", "unmerge", (other, one))
        assert_equal(reader.everything(), before)
        say(ledger, "mum", "merge", (one, other))
        assert_equal(reader.everything(), between)
