"""A customer's contacts that count are found by their time; however many there were before, they are not read."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, a_catalog, a_customer, a_request, an_action, hours
from decisioning.action import Treatment
from decisioning.catalog import Channel, Placement
from decisioning.cold_start import CatalogScorer
from decisioning.customer import Answer, Contact
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.outcome import ANSWERS, Outcome
from decisioning.pool import Pool
from features import contacts
from features.contacts import ContactBook, contact_facts, keep_answer, keep_contacts
from features.instant import from_us, to_us
from features.ledger_schema import TABLES

NOW_US, SINCE_US = 1_000, 500
EDGES = st.sampled_from([SINCE_US - 1, SINCE_US, SINCE_US + 1, NOW_US - 1, NOW_US])
MOMENTS = EDGES | st.integers(0, NOW_US)


class Snapshot:
    """A ledger that holds the contacts of two identifiers of one customer, and of somebody else's."""

    def __init__(self, rows):
        self._connection = sqlite3.connect(":memory:", isolation_level=None)
        self._connection.executescript(TABLES)
        for node, customer in ((1, "c"), (2, "c"), (3, "other")):
            row = (node, "user_id", f"u{node}", customer)
            self._connection.execute("INSERT INTO identifier (node, kind, value, customer_id) VALUES (?, ?, ?, ?)", row)
        for place, row in enumerate(rows):
            self._connection.execute(_KEEP, (row[0], f"d{place}", *row[1:]))

    def read(self):
        return self

    def __enter__(self):
        return self._connection

    def __exit__(self, *_):
        pass

    def close(self):
        self._connection.close()

    def plan(self):
        bounds = {"customer": "c", "since": SINCE_US, "now": NOW_US}
        rows = self._connection.execute(f"EXPLAIN QUERY PLAN {contacts._HISTORY}", bounds).fetchall()
        return [row[3] for row in rows if " c " in row[3]]


_KEEP = """
    INSERT INTO contact (node, decision_id, action, treatment, action_group, channel, decided_us, expires_us, shown_us)
    VALUES (?, ?, 'tea', 't', 'drinks', 'web', ?, ?, ?)
"""


@st.composite
def kept(draw):
    """A row: (node, decided, expires, shown); nothing is shown before it is decided."""
    decided_us = draw(MOMENTS)
    later = [at for at in (decided_us, SINCE_US, SINCE_US + 1, NOW_US) if at >= decided_us]
    shown_us = draw(st.none() | st.sampled_from(later) | st.integers(decided_us, NOW_US))
    ends = st.sampled_from([NOW_US, NOW_US + 1]) | st.integers(decided_us, 2 * NOW_US)
    return draw(st.integers(1, 3)), decided_us, draw(st.none() | ends), shown_us


def plainly(rows):
    """The contacts that count, by looking at each."""
    found = [
        (us if shown_us is None else shown_us, f"d{place}", None if shown_us is not None else expires_us)
        for place, (node, us, expires_us, shown_us) in enumerate(rows)
        if node != 3 and (shown_us is not None or (expires_us is not None and expires_us > NOW_US))
    ]
    return [
        Contact("tea", "drinks", "web", from_us(at_us), None if expires_us is None else from_us(expires_us))
        for at_us, _, expires_us in sorted(found, key=lambda each: each[:2])
        if at_us >= SINCE_US
    ]


@given(st.lists(kept(), max_size=12))
def test_contacts_within_the_time_are_those_of_a_plain_reading(rows):
    with closing(Snapshot(rows)) as snapshot:
        history = ContactBook(snapshot).history("c", from_us(SINCE_US), from_us(NOW_US))
    assert list(history.contacts) == plainly(rows)


def test_no_contact_is_looked_at_that_was_decided_before_and_not_shown_later():
    with closing(Snapshot([])) as snapshot:
        assert snapshot.plan() == [
            "SEARCH c USING PRIMARY KEY (node=? AND decided_us>?)",
            "SEARCH c USING INDEX contact_shown_later (node=? AND shown_us>?)",
        ]


@pytest.mark.parametrize("days", [1, 400])
def test_what_was_shown_long_after_it_was_decided_counts_from_when_it_was_shown(days):
    day = int(timedelta(days=1) / timedelta(microseconds=1))
    shown_us = 500 * day
    with closing(Snapshot([(1, shown_us - days * day, shown_us, shown_us)])) as snapshot:
        history = ContactBook(snapshot).history("c", from_us(shown_us - day // 2), from_us(shown_us))
    assert [contact.at for contact in history.contacts] == [from_us(shown_us)]


def facts_of(catalog=None, **placement):
    """What a decision of both actions reserves, by action, as a catalogue that is not its own may read it."""
    home = {"home": Placement("home", **{"channel": "web", "must_fill": True, "reservation": hours(2), **placement})}
    both = ("web", "email")
    actions = [
        an_action(name, treatments=tuple(Treatment(f"to {each}", each) for each in both)) for name in ("card", "loan")
    ]
    own = a_catalog(
        *actions, placements=home, channels={"web": Channel("web"), "email": Channel("email", outbound=True)}
    )
    asked = a_request(channel=home["home"].channel)
    decision = consider(asked, a_customer(), catalog=compile_catalog(own), scorer=CatalogScorer())
    assert len(decision.ranked) == 2
    return {fact["action"]: fact for fact in contact_facts(decision, own if catalog is None else catalog)}


def test_a_contact_is_reserved_as_long_as_its_placement_says():
    for fact in facts_of().values():
        assert (fact["implied"], fact["expires_us"]) == (False, to_us(NOON + hours(2)))
        assert (fact["group"], fact["channel"], fact["treatment"]) == ("cards", "web", "to web")


@pytest.mark.parametrize("how", [{"impressions": "implied"}, {"channel": "email"}])
def test_what_is_implied_or_goes_out_is_a_contact_at_once_and_never_expires(how):
    for fact in facts_of(**how).values():
        assert (fact["implied"], fact["expires_us"]) == (True, None)


def test_what_the_catalogue_no_longer_has_is_reserved_for_no_longer_than_its_moment():
    fewer = a_catalog(an_action("card"), placements={}, channels={})
    facts = facts_of(fewer)
    assert {fact["expires_us"] for fact in facts.values()} == {to_us(NOON)}
    assert {name: (fact["group"], fact["implied"]) for name, fact in facts.items()} == {
        "card": ("cards", False),
        "loan": ("", False),
    }


def test_only_what_reserves_something_makes_the_version_of_the_contacts_grow():
    with closing(Snapshot([])) as snapshot:
        book, now = ContactBook(snapshot), from_us(NOW_US)
        for facts, version in (([], 0), (facts_of().values(), 1), ([], 1)):
            with snapshot.read() as connection:
                keep_contacts(connection, 1, f"d{version}", decided_us=NOW_US, facts=facts)
            history = book.history("c", from_us(SINCE_US), now)
            assert (history.version, len(history.contacts)) == (version, 2 * version)


def test_a_fact_says_what_is_drawn_only_where_a_pool_is_drawn_from():
    mugs = {"mugs": Pool("inventory", "mugs", 9, actions=("card",))}
    pooled = a_catalog(an_action("card"), an_action("loan"), inventories=mugs)
    facts = facts_of(pooled)
    assert {name: "drawn" in fact for name, fact in facts.items()} == {"card": True, "loan": False}


@given(st.lists(st.tuples(st.integers(1, 3), MOMENTS, st.sampled_from(sorted(ANSWERS))), max_size=8))
def test_answers_are_the_customers_own_within_the_time_in_their_order(rows):
    with closing(Snapshot([])) as snapshot:
        with snapshot.read() as connection:
            for place, (node, at_us, kind) in enumerate(rows):
                outcome = Outcome(f"o{place}", "d0", "tea", "t", kind, from_us(at_us))
                keep_answer(connection, node, outcome, group="drinks", occurred_us=at_us)
        history = ContactBook(snapshot).history("c", from_us(SINCE_US), from_us(NOW_US))
    mine = sorted((at_us, place) for place, (node, at_us, _) in enumerate(rows) if node != 3 and at_us >= SINCE_US)
    assert list(history.answers) == [Answer("tea", "drinks", rows[place][2], from_us(at_us)) for at_us, place in mine]
    assert history.version == sum(node != 3 for node, _, _ in rows)
