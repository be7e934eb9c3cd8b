"""Law 10: after erasure no byte of the customer remains, and a replay does not bring them back.

Here for the ledger; every other file, at full size, is in tests/reliability/test_erasure.py.
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_builders import a_catalog, a_decision, a_ranked, an_event, an_identify, an_outcome, at
from ledger_histories import ALIASES, a_ledger, state, take

from decisioning.customer import CustomerReference
from decisioning.errors import ErasedError
from features.decision_book import DecisionBook
from features.identity import IdentityGraph
from features.ledger_file import connect
from features.outcomes import OutcomeBook
from features.privacy.compacting import compact
from features.privacy.erasure import ErasureBook
from features.rebuild import rebuild

LATER = at(600)
CUSTOMERS = ("ana", "ben", "eva")


@st.composite
def lives(draw):
    """Things that three customers do, each on devices of their own, in some order; every text of a life names whose."""
    told = [thing for name in CUSTOMERS for thing in draw(life(name))]
    return draw(st.permutations(told))


@st.composite
def life(draw, name):
    mark = f"{name}-canary"
    person = {"userId": f"u-{mark}", "anonymousId": f"a-{mark}"}
    kinds = {
        "visit": {**person, "userId": ..., "properties": {f"p-{mark}": mark}},
        "view": {**person, "context": {"page": {"url": f"https://shop.example/{mark}"}}},
        "consent": {**person, "event": "Consent Updated", "properties": {"purpose": mark, "granted": True}},
    }
    drawn = draw(st.lists(st.tuples(st.sampled_from(sorted(kinds)), st.integers(0, 9)), max_size=6))
    events = [
        an_event(f"m{n}-{mark}", **kinds[kind], timestamp=at(-ago).isoformat()) for n, (kind, ago) in enumerate(drawn)
    ]
    traits = {"email": f"{mark}@example.org", "email_verified": True, "name": mark}
    events.append(an_identify(f"i-{mark}", traits, **person))
    events.append(an_event(f"x-{mark}", timestamp="never", **person))
    decision = a_decision(
        mark, reference=CustomerReference("user_id", f"u-{mark}"), context={"word": mark}, ranked=(a_ranked(),)
    )
    told = [an_outcome(f"{n}-{mark}", decision_id=f"d-{mark}", type=kind) for n, kind in enumerate(("click", "reject"))]
    return [*(("event", e) for e in events), ("decision", decision), *(("outcome", each) for each in told)]


def whose(row):
    return next((name for name in CUSTOMERS if f"{name}-canary" in row), None)


def decision_of(name, history):
    return next(thing for kind, thing in history if kind == "decision" and whose(thing.decision_id) == name)


def bytes_of(ledger):
    with ledger.read() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    connection = connect(ledger.path)
    assert compact(connection)
    connection.close()
    folder = ledger.path.parent
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()))


def erased(ledger, name="ana"):
    reference = CustomerReference("email", f"{name}-canary@example.org")
    return ErasureBook(ledger).erase([reference], now=LATER)


@settings(max_examples=15, deadline=None)
@given(lives())
def test_after_erasure_no_byte_of_the_customer_remains_and_others_are_as_they_were(history):
    with a_ledger() as ledger:
        take(ledger, history)
        before = state(ledger, **ALIASES, request="SELECT * FROM request", reject="SELECT raw FROM reject")
        customer = IdentityGraph(ledger).resolve(CustomerReference("user_id", "u-ana-canary"))
        assert b"ana-canary" in bytes_of(ledger)
        done = erased(ledger)
        assert done.customers == 1
        left = bytes_of(ledger)
        assert [name for name in CUSTOMERS if f"{name}-canary".encode() in left] == ["ben", "eva"]
        assert customer.encode() not in left
        after = state(ledger, **ALIASES, request="SELECT * FROM request", reject="SELECT raw FROM reject")
        assert after == {table: [row for row in rows if whose(row) != "ana"] for table, rows in before.items()}


@settings(max_examples=15, deadline=None)
@given(lives(), st.randoms(use_true_random=False))
def test_a_replay_of_everything_brings_nobody_back(history, random):
    with a_ledger() as ledger:
        take(ledger, history)
        erased(ledger)
        before = state(ledger)
        random.shuffle(history)
        take(ledger, [thing for thing in history if thing[0] != "decision"])
        assert state(ledger) == before
        assert b"ana-canary" not in bytes_of(ledger)
        with pytest.raises(ErasedError):
            DecisionBook(ledger, a_catalog()).record(decision_of("ana", history)).result()


@settings(max_examples=10, deadline=None)
@given(lives())
def test_a_rebuild_after_an_erasure_equals_the_incremental_state(history):
    with a_ledger() as ledger:
        take(ledger, history)
        erased(ledger)
        before = state(ledger, **ALIASES)
        rebuild(ledger)
        assert state(ledger, **ALIASES) == before


def test_erasing_again_finds_the_first_erasure():
    with a_ledger() as ledger:
        take(ledger, [("event", an_event("m-1", userId="u-ana-canary"))])
        reference = CustomerReference("user_id", "u-ana-canary")
        first = ErasureBook(ledger).erase([reference], now=LATER)
        again = ErasureBook(ledger).erase([reference], now=at(900))
        assert (again.erasure_id, again.erased_at, again.customers) == (first.erasure_id, LATER, 0)
        assert len(list(ledger.records(kinds=["erasure"]))) == 1


def test_what_an_erased_customer_does_later_is_a_new_beginning():
    with a_ledger() as ledger:
        told = an_event("m-1", userId="u-ana-canary")
        take(ledger, [("event", told)])
        ErasureBook(ledger).erase([CustomerReference("user_id", "u-ana-canary")], now=at(-2))
        late = an_event("m-2", userId="u-ana-canary", timestamp=at(-3).isoformat())
        new = an_event("m-3", userId="u-ana-canary", timestamp=at(-1).isoformat())
        take(ledger, [("event", each) for each in (told, late, new)])
        assert [record.record_id for record in ledger.records(kinds=["event"])] == ["m-3"]


def test_an_outcome_for_an_erased_decision_is_not_waited_for():
    with a_ledger() as ledger:
        DecisionBook(ledger, a_catalog()).record_many([a_decision("ana")])
        ErasureBook(ledger).erase([CustomerReference("user_id", "u-1")], now=LATER)
        receipt = OutcomeBook(ledger).accept([an_outcome("late", decision_id="d-ana")], received_at=at(700))
        assert [each.code for each in receipt.erased] == ["erased"]
        assert OutcomeBook(ledger).quarantined() == 0
        assert state(ledger, reject="SELECT raw FROM reject")["reject"] == []
