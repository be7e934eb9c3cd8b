"""Law 7: ingesting twice is ingesting once; the order of arrival does not matter to the current state; a rebuild equals
the incremental state; the one-event update equals the bulk form. Here for identity, profile, consent and contacts."""

from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_builders import NOW, an_event
from ledger_histories import ALIASES, RULES, a_ledger, histories, state, take

from features.intake import Arrival, Intake
from features.rebuild import rebuild


@settings(max_examples=30, deadline=None)
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(history, random):
    with a_ledger() as one, a_ledger() as other:
        take(one, history)
        random.shuffle(history)
        take(other, history)
        assert state(one) == state(other)


@settings(max_examples=15, deadline=None)
@given(histories())
def test_taking_in_twice_is_taking_in_once(history):
    with a_ledger() as ledger:
        take(ledger, history)
        before = state(ledger), ledger.last_seq()
        take(ledger, [thing for thing in history if thing[0] != "decision"])
        assert (state(ledger), ledger.last_seq()) == before


@settings(max_examples=30, deadline=None)
@given(histories())
def test_a_rebuild_equals_the_incremental_state(history):
    with a_ledger() as ledger:
        take(ledger, history)
        before = state(ledger, **ALIASES)
        assert rebuild(ledger, RULES) == ledger.last_seq()
        assert state(ledger, **ALIASES) == before


def test_what_a_dissolved_identifier_led_to_is_guarded_no_more():
    born = ("1980-05-17", "1981-05-17", "1980-05-17")
    shared = [{"phone": "+34600000011", "birthday": day} for day in born]
    told = [an_event(f"m-{n}", type="identify", userId=f"u-{n}", traits=traits) for n, traits in enumerate(shared)]
    with a_ledger() as ledger:
        take(ledger, [("event", raw) for raw in told])
        before = state(ledger, **ALIASES)
        rebuild(ledger, RULES)
        assert state(ledger, **ALIASES) == before


@settings(max_examples=30, deadline=None)
@given(histories(), st.integers(1, 6))
def test_the_bulk_path_equals_one_event_at_a_time(history, size):
    told = [thing for kind, thing in history if kind == "event"]
    with a_ledger() as one, a_ledger() as bulk:
        take(one, [("event", raw) for raw in told])
        loader = Intake(bulk, rules=RULES)
        for part in (told[:size], told[size:]):
            loader.load(part, Arrival(NOW))
        assert state(one) == state(bulk)
