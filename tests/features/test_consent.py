"""Consent: the answer that stands by purpose and channel; across a merge the strictest, fail closed; and its proof."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_builders import NOW, a_statement, an_event, an_identify, at
from ledger_histories import a_ledger

from decisioning.customer import CustomerReference
from features.consent import ConsentBook
from features.consent_rule import ConsentAnswer, standing
from features.identity import IdentityGraph
from features.identity_merge import MergeBook
from features.identity_rules import IdentityRules
from features.intake import Intake
from features.ledger import Ledger
from features.meeting import OF_CUSTOMER


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def a_consent(message_id, granted, seconds=-60, channel=None, proof=None, **changes):
    answer = {"purpose": "marketing", "granted": granted} | ({"channel": channel} if channel else {}) | (proof or {})
    stamp = {"timestamp": at(seconds).isoformat()}
    return an_event(message_id, event="Consent Updated", properties=answer, **stamp, **changes)


def a_login(message_id, seconds, **changes):
    return an_event(message_id, anonymousId="a-1", timestamp=at(seconds).isoformat(), **changes)


def by_device(message_id, granted, seconds):
    return a_consent(message_id, granted, seconds, userId=..., anonymousId="a-1")


def take(ledger, *events):
    Intake(ledger, rules=IdentityRules(max_per_identifier=2)).accept(events, received_at=NOW)


def state(ledger, reference=("user_id", "u-1")):
    return ConsentBook(ledger).state(IdentityGraph(ledger).resolve(CustomerReference(*reference))).answers


def answers(ledger, *events):
    take(ledger, *events)
    return state(ledger)


YES, NO = {("marketing", ""): True}, {("marketing", ""): False}


def test_the_newest_answer_stands_however_it_arrives(ledger):
    newest, older = a_consent("m-1", False, -10), a_consent("m-2", True, -20)
    assert answers(ledger, newest, older) == NO
    assert answers(ledger, a_consent("m-3", True, -5)) == YES


def test_of_two_answers_of_one_moment_the_no_stands(ledger):
    assert answers(ledger, a_consent("m-1", False), a_consent("m-2", True)) == NO


def test_each_channel_has_its_own_answer(ledger):
    assert answers(ledger, a_consent("m-1", True), a_consent("m-2", False, channel="email")) == {
        ("marketing", ""): True,
        ("marketing", "email"): False,
    }


def test_a_no_by_any_identifier_of_the_customer_is_the_customers(ledger):
    assert answers(ledger, a_consent("m-1", True, -20), by_device("m-2", False, -10)) == YES
    assert answers(ledger, a_login("m-3", -5)) == NO


def test_a_yes_given_before_the_two_became_one_does_not_lift_the_others_no(ledger):
    assert answers(ledger, by_device("m-1", False, -20), a_consent("m-2", True, -10), a_login("m-3", -5)) == NO


def test_a_yes_given_after_they_became_one_does_by_whichever_identifier(ledger):
    no = by_device("m-1", False, -20)
    assert answers(ledger, no, a_login("m-2", -15), a_consent("m-3", True, -10)) == YES


def test_the_order_of_arrival_decides_nothing(ledger):
    assert answers(ledger, a_consent("m-3", True, -10), by_device("m-1", False, -20)) == YES
    assert answers(ledger, a_login("m-2", -5)) == NO
    assert answers(ledger, a_login("m-4", -15)) == YES


def test_a_yes_by_one_identifier_is_enough_where_no_other_said_no(ledger):
    assert answers(ledger, by_device("m-1", True, -20), a_login("m-2", -5)) == YES


def test_after_an_unmerge_everybody_has_their_own_answers_again(ledger):
    take(ledger, a_consent("m-1", False, -20), a_consent("m-2", True, -10, userId="u-2"))
    pair = [("user_id", "u-1"), ("user_id", "u-2")]
    MergeBook(ledger).state([a_statement("1", "merge", pair, occurred_at=at(-5))], received_at=NOW)
    assert state(ledger, pair[1]) == NO
    take(ledger, a_consent("m-3", True, -4, userId="u-2"))
    assert state(ledger) == YES
    MergeBook(ledger).state([a_statement("2", "unmerge", pair, occurred_at=at(-3))], received_at=NOW)
    assert (state(ledger), state(ledger, pair[1])) == (NO, YES)


def test_an_identifier_that_is_shared_by_too_many_takes_its_answers_with_it(ledger):
    phone = {"phone": "+34600112233"}
    told = [an_identify(f"m-{n}", phone, userId=f"u-{n}") for n in (1, 2)]
    take(ledger, *told, a_consent("m-5", False, userId="u-2"))
    assert state(ledger) == NO
    take(ledger, an_identify("m-3", phone, userId="u-3"))
    assert state(ledger) == {}


def test_an_address_that_the_workspace_trusts_ties_as_well(ledger):
    intake = Intake(ledger, rules=IdentityRules(trust_email=True))
    moment = {"timestamp": at(-5).isoformat()}
    told = [an_identify(f"m-{n}", {"email": "ana@example.org"}, userId=f"u-{n}", **moment) for n in (1, 2)]
    intake.accept([*told, a_consent("m-5", False, -20, userId="u-2"), a_consent("m-6", True, -10)], received_at=NOW)
    assert state(ledger) == NO
    intake.accept([a_consent("m-7", True, -1)], received_at=NOW)
    assert state(ledger) == YES


def test_a_page_that_is_named_like_a_consent_is_none(ledger):
    page = an_event("m-1", event=..., type="page", name="Consent Updated", properties={})
    assert answers(ledger, page) == {}


def test_every_answer_keeps_its_proof(ledger):
    proof = {"method": "web form", "text": {"version": "2026-01", "hash": "sha256:ab", "url": "https://x.org/t"}}
    take(ledger, a_consent("m-1", True, -20, proof=proof), a_consent("m-2", False, -10))
    no, yes = ConsentBook(ledger).history(IdentityGraph(ledger).resolve(CustomerReference("user_id", "u-1")))
    assert (yes.method, yes.text, yes.message_id, yes.source) == ("web form", proof["text"], "m-1", "http")
    assert (yes.occurred_at, yes.received_at, yes.stands) == (at(-20), NOW, False)
    assert (no.granted, no.method, no.text, no.stands) == (False, None, {}, True)
    assert yes.granted is True


@pytest.mark.parametrize("proof", [{"text": "yes"}, {"text": {"version": 7}}, {"method": ["form"]}, {"text": None}])
def test_a_proof_of_another_shape_never_costs_the_answer(ledger, proof):
    assert answers(ledger, a_consent("m-1", False, proof=proof)) == NO


IDENTIFIERS = [{"userId": "u-1"}, {"userId": "u-2"}, {"userId": ..., "anonymousId": "a-1"}]
TIED = [{"userId": "u-1", "anonymousId": "a-1"}, {"userId": "u-2", "anonymousId": "a-1"}]


@st.composite
def histories(draw):
    """Answers and logins of two user ids and one device, each at a moment of its own."""
    said = st.tuples(st.sampled_from(IDENTIFIERS), st.booleans())
    drawn = draw(st.lists(st.one_of(said, st.sampled_from(TIED)), max_size=9))
    return [
        a_consent(f"m-{n}", each[1], n - 60, **each[0])
        if isinstance(each, tuple)
        else an_event(f"m-{n}", timestamp=at(n - 60).isoformat(), **each)
        for n, each in enumerate(drawn)
    ]


PAIRS = [frozenset(pair) for pair in ((1, 2), (1, 3), (2, 3))]
SAID = st.builds(
    lambda node, granted, moment, name: ConsentAnswer(node, "ads", "", granted, moment, f"m-{name}"),
    *(st.integers(1, 3), st.booleans(), st.integers(0, 2), st.integers(0, 99)),
)


@given(
    st.lists(SAID, min_size=1, max_size=6, unique_by=lambda each: each.message_id),
    st.fixed_dictionaries(dict.fromkeys(PAIRS, st.integers(0, 3))),
)
def test_the_newest_no_stands_that_no_later_yes_of_one_it_was_one_with_by_then_lifts_else_the_newest_yes(said, tied):
    def one_by(one, other, moment):
        return one == other or tied[frozenset({one, other})] <= moment

    in_order = sorted(said, key=lambda each: (each.occurred_us, not each.granted, each.message_id))
    last = {each.node: each for each in in_order}.values()
    yes, no = ([each for each in in_order if each in last and each.granted is granted] for granted in (True, False))
    left = [each for each in no if not any(_lifts(later, each, one_by) for later in yes)]
    assert standing(said, one_by) == (left or yes)[-1]


def _lifts(yes, no, one_by):
    return yes.occurred_us > no.occurred_us and one_by(no.node, yes.node, yes.occurred_us)


def named(event):
    return [event[key] for key in ("userId", "anonymousId") if key in event]


def lived(history):
    """The state as it would be kept by somebody who was there: a yes lifts every no of those who are one by then."""
    groups = {name: {name} for event in history for name in named(event)}
    denied: dict[str, bool] = {}
    for event in history:
        for name in named(event):
            one = groups[named(event)[0]] | groups[name]
            groups |= dict.fromkeys(one, one)
        if event["event"] == "Consent Updated":
            granted = event["properties"]["granted"]
            denied[named(event)[0]] = not granted
            if granted:
                denied |= dict.fromkeys(groups[named(event)[0]] & denied.keys(), False)
    return {
        name: {("marketing", ""): not any(denied[each] for each in group & denied.keys())}
        for name, group in groups.items()
        if group & denied.keys()
    }


@settings(max_examples=60)
@given(histories(), st.randoms(use_true_random=False))
def test_the_state_is_what_somebody_who_was_there_would_have_kept(history, random):
    expected = lived(history)
    random.shuffle(history)
    with a_ledger() as ledger:
        take_unguarded = Intake(ledger, rules=IdentityRules(max_per_identifier=9))
        for event in history:
            take_unguarded.accept([event], received_at=NOW)
        for name, answer in expected.items():
            assert state(ledger, ("user_id" if name.startswith("u") else "anonymous_id", name)) == answer


def test_to_tell_when_two_became_one_nobody_elses_events_are_read(ledger):
    with ledger.read() as connection:
        plan = connection.execute(f"EXPLAIN QUERY PLAN {OF_CUSTOMER}", ("c_0",)).fetchall()
    assert any("USING INDEX record_node" in step for *_, step in plan)
