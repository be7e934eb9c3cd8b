"""What stands against one customer: values that mean nothing, too many identifiers, two values of a hard fact."""

import pytest
from ledger_builders import NOW, a_statement, an_event, an_identify, at

from features.identity import IdentityGraph
from features.identity_merge import MergeBook
from features.identity_rules import IdentityRules, IdentitySection
from features.intake import Arrival, Intake
from features.ledger import Ledger
from features.rebuild import rebuild

RULES = IdentityRules(max_cluster_size=6)
ANA, BEA = ("user_id", "u-1"), ("user_id", "u-2")
PHONE = {"phone": "+34600112233"}


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def take(ledger, *events, rules=RULES):
    return Intake(ledger, rules=rules).accept(events, received_at=NOW)


def say(ledger, name, verb, *pair, **changes):
    MergeBook(ledger, RULES).state([a_statement(name, verb, pair, **changes)], received_at=NOW)


def who(ledger, identifier):
    return IdentityGraph(ledger).customer_of(identifier)


def refusals(ledger):
    with ledger.read() as connection:
        return [reason for (reason,) in connection.execute("SELECT reason FROM refusal")]


NOBODY = "null UNKNOWN test@test.com 000000 0 00000000-0000-0000-0000-000000000000 - +9999999999 1234567890"


@pytest.mark.parametrize("value", [*NOBODY.split(), "noreply@shop.example", "No-Reply@bank.example"])
def test_such_a_value_names_nobody(value):
    assert RULES.names_nobody(value)


@pytest.mark.parametrize("value", ["7", "10", "22", "1000", "user-7", "nullo", "+34600000000", "ana@test.com", "a-0"])
def test_such_a_value_names_somebody(value):
    assert not RULES.names_nobody(value)


def test_a_business_adds_values_that_name_nobody():
    rules = IdentityRules.of(IdentitySection(meaningless=("Kiosk ",)), trust_email=False, max_per_identifier=5)
    assert rules.names_nobody("kiosk")
    assert rules.names_nobody("null")


def test_what_names_nobody_links_nobody(ledger):
    take(ledger, *(an_identify(f"m-{n}", {"loyalty_id": "unknown"}, userId=f"u-{n}") for n in (1, 2)))
    take(ledger, an_event("m-3", userId="null", anonymousId="a-1"), an_event("m-4", userId="null", anonymousId="a-2"))
    customers = {who(ledger, name) for name in (ANA, BEA, ("anonymous_id", "a-1"), ("anonymous_id", "a-2"))}
    assert len(customers) == 4
    assert who(ledger, ("user_id", "null")) is None


def test_an_event_that_names_nobody_is_kept_and_linked_to_nothing(ledger):
    take(ledger, an_event("m-1", userId="null", anonymousId="00000000-0000-0000-0000-000000000000"))
    assert who(ledger, ("user_id", "null")) is not None
    assert who(ledger, ("anonymous_id", "00000000-0000-0000-0000-000000000000")) is None


def born(message_id, day, user="u-1", **traits):
    return an_identify(message_id, {"birthday": day, **traits}, userId=user)


def test_two_dates_of_birth_stop_a_merge_and_wait_for_review(ledger):
    take(ledger, born("m-1", "1980-05-17", **PHONE), born("m-2", "1999-01-02", "u-2", **PHONE))
    assert who(ledger, ANA) == who(ledger, ("phone", PHONE["phone"])) != who(ledger, BEA)
    assert refusals(ledger) == ["conflicting birth"]


def test_one_day_written_in_two_ways_is_no_conflict(ledger):
    other = an_identify("m-2", {"date_of_birth": "17 May 1980", **PHONE}, userId="u-2")
    take(ledger, born("m-1", "1980-05-17T00:00:00Z", **PHONE), other)
    assert who(ledger, ANA) == who(ledger, BEA)


@pytest.mark.parametrize("day", ["3/4/1980", "1900-01-01", "unknown", "", None, True, ["1999-01-02"]])
def test_what_tells_no_day_is_no_conflict(ledger, day):
    take(ledger, born("m-1", "1980-05-17", **PHONE), born("m-2", day, "u-2", **PHONE))
    assert who(ledger, ANA) == who(ledger, BEA)


def test_a_conflict_that_is_told_later_dissolves_what_was_one_customer_and_a_correction_joins_it_again(ledger):
    take(ledger, born("m-1", "1980-05-17", **PHONE), an_identify("m-2", PHONE, userId="u-2"))
    together = who(ledger, ANA)
    assert together == who(ledger, BEA)
    take(ledger, born("m-3", "1999-01-02", "u-2", timestamp=at(-50).isoformat()))
    assert who(ledger, ANA) == together != who(ledger, BEA)
    take(ledger, born("m-4", "1980-05-17", "u-2", timestamp=at(-40).isoformat()))
    assert who(ledger, ANA) == who(ledger, BEA) == together
    assert refusals(ledger) == []


def test_a_merge_against_a_hard_fact_waits_until_somebody_says_it_knowing_that(ledger):
    take(ledger, born("m-1", "1980-05-17"), born("m-2", "1999-01-02", "u-2"))
    say(ledger, "1", "merge", ANA, BEA)
    assert who(ledger, ANA) != who(ledger, BEA)
    assert refusals(ledger) == ["conflicting birth"]
    say(ledger, "2", "merge", ANA, BEA, certain=True, occurred_at=at(1))
    assert who(ledger, ANA) == who(ledger, BEA)
    assert refusals(ledger) == []


def test_which_facts_are_hard_is_the_business_own(ledger):
    section = IdentitySection(hard_facts={"tax": ("vat_number",)})
    rules = IdentityRules.of(section, trust_email=False, max_per_identifier=5)
    told = {"vat_number": "es-123", "birthday": "1980-05-17"}
    take(ledger, an_identify("m-1", told | PHONE), an_identify("m-2", told | PHONE, userId="u-2"), rules=rules)
    assert who(ledger, ANA) == who(ledger, BEA)
    take(ledger, an_identify("m-3", {"vat_number": "ES 999"} | PHONE, userId="u-3"), rules=rules)
    assert who(ledger, ("user_id", "u-3")) != who(ledger, ANA)
    assert refusals(ledger) == ["conflicting tax"]


def chain(n):
    """Every user id shares a phone with the next one: together they are one long customer."""
    phones = [f"+3460011{place:04d}" for place in range(n + 1)]
    pairs = [(user, phones[user + side]) for user in range(n) for side in (0, 1)]
    return [an_identify(f"m-{user}-{phone}", {"phone": phone}, userId=f"u-{user}") for user, phone in pairs]


def test_too_large_a_customer_comes_apart_into_user_ids_with_what_is_theirs_alone(ledger):
    events = chain(4)
    take(ledger, *events[:5])
    assert len({who(ledger, ("user_id", f"u-{n}")) for n in range(3)}) == 1
    take(ledger, *events[5:])
    assert len({who(ledger, ("user_id", f"u-{n}")) for n in range(4)}) == 4
    assert who(ledger, ("phone", "+34600110000")) == who(ledger, ("user_id", "u-0"))
    assert who(ledger, ("phone", "+34600110001")) is None


def test_an_identifier_named_together_with_too_many_others_links_nothing(ledger):
    take(ledger, *(an_event(f"m-{n}", anonymousId=f"a-{n}") for n in range(5)))
    assert len(IdentityGraph(ledger).identifiers(who(ledger, ANA))) == 6
    take(ledger, an_event("m-6", anonymousId="a-6"))
    assert IdentityGraph(ledger).identifiers(who(ledger, ANA)) == (ANA,)


def test_a_merge_that_makes_a_customer_too_large_leaves_both_as_they_were(ledger):
    take(ledger, *(an_event(f"m-{n}", anonymousId=f"a-{n}") for n in range(3)))
    take(ledger, *(an_event(f"n-{n}", userId="u-2", anonymousId=f"b-{n}") for n in range(3)))
    before = who(ledger, ANA), who(ledger, BEA)
    say(ledger, "1", "merge", ANA, BEA)
    assert (who(ledger, ANA), who(ledger, BEA)) == before
    assert len(IdentityGraph(ledger).identifiers(before[0])) == 4
    assert refusals(ledger) == ["too large"]
    say(ledger, "2", "merge", ANA, BEA, certain=True, occurred_at=at(1))
    assert who(ledger, ANA) == who(ledger, BEA)


@pytest.mark.parametrize("n", [4, 60])
def test_a_crowd_is_the_same_live_in_bulk_and_rebuilt(ledger, tmp_path, n):
    take(ledger, *chain(n))
    with Ledger(tmp_path / "bulk.db") as bulk:
        Intake(bulk, rules=RULES).load(chain(n), Arrival(NOW))
        assert customers(bulk) == customers(ledger)
    before = customers(ledger)
    rebuild(ledger, RULES)
    assert customers(ledger) == before


def customers(ledger):
    with ledger.read() as connection:
        return connection.execute("SELECT kind, value, customer_id, marks FROM identifier ORDER BY 1, 2").fetchall()
