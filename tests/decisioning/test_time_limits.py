"""Limits on the customer's own clock: calendar caps, quiet hours, validity; and who is spared them."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, a_catalog, a_customer, a_request, an_action
from decisioning.action import Treatment
from decisioning.catalog import Cap, Channel, ContactPolicy, Exploration, Placement, QuietHours
from decisioning.catalog_file import read_catalog
from decisioning.cold_start import CatalogScorer
from decisioning.contact_policy import limits
from decisioning.customer import Contact, ContactHistory
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.errors import CatalogError
from decisioning.explained import explained
from decisioning.local_time import LONGEST, beginning, local_time, zone_named
from decisioning.replay import differences, replayed

ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe"]
moments = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
MAILED = (Treatment("letter", "web"),)
ELSEWHERE = (Treatment("letter", "email"),)


@given(moments, st.sampled_from(ZONES), st.sampled_from(["day", "week", "month"]))
def test_a_period_began_at_a_local_midnight_and_no_longer_ago_than_it_can_last(now, zone, period):
    local = now.astimezone(zone_named(zone))
    began = beginning(period, local)
    assert began <= local
    assert began.time() == time()
    assert now - began.astimezone(UTC) <= LONGEST[period]


def test_a_day_whose_midnight_comes_twice_began_at_the_first():
    second_half_past = datetime(2026, 11, 1, 5, 30, tzinfo=UTC).astimezone(zone_named("America/Havana"))
    assert (f"{second_half_past:%d %H:%M}", second_half_past.fold) == ("01 00:30", 1)
    for period in ("day", "month"):
        assert beginning(period, second_half_past).astimezone(UTC) == datetime(2026, 11, 1, 4, tzinfo=UTC)


@given(moments, st.integers(0, 60 * 24 * 40), st.sampled_from(ZONES), st.sampled_from(["day", "week", "month"]))
def test_a_calendar_cap_counts_what_the_calendar_puts_together(now, minutes, zone, period):
    local, at = now.astimezone(zone_named(zone)), now - timedelta(minutes=minutes)
    same = {"day": "%Y-%m-%d", "week": "%G-%V", "month": "%Y-%m"}[period]
    history = ContactHistory([Contact("card", "cards", "web", at)])
    policy = ContactPolicy(caps=(Cap("customer", 1, per=period),))
    together = f"{at.astimezone(local.tzinfo):{same}}" == f"{local:{same}}"
    assert bool(limits(policy, history, now=now, local=local).used) is together
    assert not together or now - at <= policy.memory, "what counts is looked back to"


@given(moments, st.times(), st.times())
def test_quiet_hours_and_the_hours_between_them_are_never_at_once(now, starts, ends):
    here, there = QuietHours(starts, ends).covers(now), QuietHours(ends, starts).covers(now)
    assert here != there or starts == ends


def test_the_zone_of_a_customer_is_what_their_feature_names_if_there_is_such_a_zone():
    for said, hour in (("Asia/Tokyo", 21), ("Mars/Base", 14), ("", 14), (None, 14), (7.0, 14), ("../etc", 14)):
        assert local_time(NOON, {"zone": said}, feature="zone", zone="Europe/Berlin").hour == hour


def decided(*actions, **changes):
    customer = changes.pop("customer", a_customer(features={"zone": "Asia/Tokyo"}))
    catalog = compile_catalog(a_catalog(*actions, **changes))
    return consider(a_request(), customer, catalog=catalog, scorer=CatalogScorer())


def stages(decision):
    return {each.action: each.stage for each in decision.exclusions}


QUIET = ContactPolicy(quiet_hours=(QuietHours(time(21), time(8), ("web",)),), time_zone_feature="zone")


def test_quiet_hours_are_of_the_customers_clock_and_spare_what_is_transactional():
    offers = (an_action("card"), an_action("receipt", transactional=True))
    assert stages(decided(*offers, contact_policy=QUIET)) == {"card": "quiet"}
    awake = a_customer(features={"zone": "Europe/Berlin"})
    assert stages(decided(*offers, contact_policy=QUIET, customer=awake)) == {}


def test_while_it_is_quiet_what_goes_out_later_is_offered_and_goes_out_when_it_may():
    card = an_action("card", treatments=(Treatment("a", "web"), Treatment("b", "web", send_hour=12)))
    told = {"contact_policy": QUIET, "exploration": Exploration(0.0, 0.0)}
    decision = decided(card, **told)
    assert [(each.treatment, each.send_at) for each in decision.ranked] == [("b", NOON + timedelta(hours=15))]
    awake = a_customer(features={"zone": "Europe/Berlin"})
    decision = decided(card, customer=awake, **told)
    assert [(each.treatment, each.send_at) for each in decision.ranked] == [("a", None)]


MORNING = NOON + timedelta(hours=21)
"""The next 9:00 of whoever lives in UTC, the zone of these customers."""


@pytest.mark.parametrize(
    ("ends", "treatment"), [(None, "b"), (MORNING + timedelta(seconds=1), "b"), (MORNING, "a"), (NOON, None)]
)
def test_nothing_goes_out_once_it_is_over(ends, treatment):
    treatments = Treatment("a", "web", cost=1.0), Treatment("b", "web", send_hour=9)
    decision = decided(an_action("card", treatments=treatments, valid_until=ends), exploration=Exploration(0.0, 0.0))
    assert [each.treatment for each in decision.ranked] == ([treatment] if treatment else [])


def test_what_would_go_out_only_once_it_is_over_is_not_valid():
    card = an_action("card", treatments=(Treatment("b", "web", send_hour=9),), valid_until=MORNING)
    pack = an_action("pack", bundle=("card", "tea"))
    decision = decided(card, pack, an_action("tea"))
    assert stages(decision) == {"card": "validity", "pack": "bundle"}
    assert {each.reason for each in decision.exclusions} == {f"valid until {MORNING.isoformat()}", "card: validity"}


@pytest.mark.parametrize(
    ("ends", "treatment"), [(None, "b"), (MORNING + timedelta(seconds=1), "b"), (MORNING, "a"), (NOON, None)]
)
def test_a_bundle_does_not_go_out_once_any_part_of_it_is_over(ends, treatment):
    pack = an_action(
        "pack", bundle=("card", "tea"), treatments=(Treatment("a", "web", cost=1.0), Treatment("b", "web", send_hour=9))
    )
    card, tea = an_action("card", valid_until=ends, treatments=ELSEWHERE), an_action("tea", treatments=ELSEWHERE)
    decision = decided(pack, card, tea, exploration=Exploration(0.0, 0.0))
    assert [each.treatment for each in decision.ranked] == ([treatment] if treatment else [])


def test_a_bundle_that_would_go_out_only_once_a_part_is_over_says_which():
    pack = an_action("pack", bundle=("card",), treatments=(Treatment("b", "web", send_hour=9),))
    decision = decided(pack, an_action("card", valid_until=MORNING, treatments=ELSEWHERE))
    told = {each.action: (each.stage, each.reason) for each in decision.exclusions}
    assert told["pack"] == ("validity", f"card: valid until {MORNING.isoformat()}")


def test_where_every_hour_is_quiet_nothing_is_offered_for_later_either():
    every = tuple(QuietHours(time(starts), time(ends), ("web",)) for starts, ends in ((8, 22), (21, 9)))
    waiting = an_action("card", treatments=(Treatment("a", "web", wait=timedelta(hours=1)),))
    decision = decided(waiting, contact_policy=ContactPolicy(quiet_hours=every))
    assert stages(decision) == {"card": "quiet"}


def test_what_was_decided_at_night_for_the_day_counts_by_night_and_by_day():
    planned = Contact("card", "cards", "web", NOON + timedelta(hours=15))
    policy = replace(QUIET, caps=(Cap("customer", 1, per="day"),))
    waiting = an_action("card", treatments=(Treatment("a", "web", send_hour=12),))
    for later in (0, 1, 14, 16, 26):
        customer = a_customer(history=ContactHistory([planned]), as_of=NOON + timedelta(hours=later))
        assert stages(decided(waiting, contact_policy=policy, customer=customer)) == {"card": "cap"}
    customer = a_customer(history=ContactHistory([planned]), as_of=NOON + timedelta(hours=36))
    assert stages(decided(waiting, contact_policy=policy, customer=customer)) == {}


def test_without_channels_every_outbound_channel_is_quiet_and_no_other():
    every = QuietHours(time(21), time(8))
    assert every.hushes(Channel("email", outbound=True))
    assert not every.hushes(Channel("web"))


def test_a_transactional_contact_counts_and_is_not_stopped_by_the_cap():
    history = ContactHistory([Contact("receipt", "notes", "web", NOON - timedelta(hours=1))])
    policy = ContactPolicy(caps=(Cap("customer", 1, per="day"),))
    receipt = an_action("receipt", group="notes", transactional=True)
    decision = decided(an_action("card"), receipt, contact_policy=policy, customer=a_customer(history=history))
    assert stages(decision) == {"card": "cap"}


def test_consent_binds_what_is_transactional_too():
    mailed = an_action("receipt", transactional=True, treatments=(Treatment("letter", "email"),))
    catalog = compile_catalog(a_catalog(mailed))
    decision = consider(a_request(placement="mail", channel=""), a_customer(), catalog=catalog, scorer=CatalogScorer())
    assert stages(decision) == {"receipt": "consent"}


def test_an_action_is_offered_from_its_first_moment_until_before_its_last():
    second = timedelta(seconds=1)
    for begins, ends, offered in ((NOON, None, True), (NOON + second, None, False), (None, NOON, False)):
        decision = decided(an_action(valid_from=begins, valid_until=ends))
        assert ("card" in decision.eligible) is offered


def test_today_is_the_day_on_the_customer_s_clock_and_a_replay_reads_the_same_clock():
    late = datetime(2026, 6, 1, 23, tzinfo=UTC)
    action = an_action(eligibility="contract_end < today + 60 days")
    ends = (datetime(2026, 7, 31, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    policy = ContactPolicy(time_zone_feature="zone")
    for zone, offered in (("UTC", False), ("Asia/Tokyo", True)):
        customer = a_customer(as_of=late, features={"contract_end": ends, "zone": zone})
        catalog = compile_catalog(a_catalog(action, contact_policy=policy))
        decision = consider(a_request(), customer, catalog=catalog, scorer=CatalogScorer())
        assert ("card" in decision.eligible) is offered
        assert differences(decision, replayed(decision, catalog=catalog, scorer=CatalogScorer())) == ()
        read = [each.read for each in explained(decision, catalog, None) if each.became == "excluded"]
        assert read == ([] if offered else [{"contract_end": ends, "today": ends - 60 * 86400.0}])


def test_a_fallback_is_offered_where_nothing_else_may_be_and_only_then():
    home = {"home": Placement("home", "web", must_fill=True, fallback="hello")}
    hello, adult = an_action("hello"), an_action("card", eligibility="age >= 18")
    grown, child = (a_customer(features={"age": age}) for age in (40.0, 7.0))
    assert stages(decided(hello, adult, placements=home, customer=grown)) == {"hello": "fallback"}
    assert decided(hello, adult, placements=home, customer=child).chosen == "hello"
    refusing = decided(replace(hello, eligibility="age > 90"), adult, placements=home, customer=child)
    assert refusing.chosen == "no_action", "a fallback obeys its own conditions"


def test_a_fallback_is_offered_where_what_else_may_be_has_no_priority():
    home = {"home": Placement("home", "web", must_fill=True, fallback="hello")}
    hello, card = an_action("hello", issue="serve"), an_action("card")
    ruled = {"arbitration_by_issue": {"grow": "custom"}, "priority_formula": "value * income", "placements": home}
    poor, told = a_customer(), a_customer(features={"income": 3.0})
    fallen = decided(hello, card, customer=poor, **ruled)
    assert (fallen.chosen, fallen.eligible, stages(fallen)) == ("hello", {"hello": 1.0}, {"card": "score"})
    assert stages(decided(hello, card, customer=told, **ruled)) == {"hello": "fallback"}
    nothing = decided(replace(hello, issue="grow"), card, customer=poor, **ruled)
    assert (nothing.chosen, stages(nothing)) == ("no_action", {"card": "score", "hello": "score"})


def test_a_decision_in_which_a_fallback_stood_back_for_what_had_no_priority_is_made_again_as_it_was():
    home = {"home": Placement("home", "web", must_fill=True, fallback="hello")}
    ruled = {"arbitration_by_issue": {"grow": "custom"}, "priority_formula": "value * income", "placements": home}
    catalog = compile_catalog(a_catalog(an_action("hello", issue="serve"), an_action("card"), **ruled))
    made = {"catalog": catalog, "scorer": CatalogScorer()}
    then, now = (consider(a_request(), a_customer(), **made, falls_back=falls) for falls in (False, True))
    assert (then.chosen, stages(then), now.chosen) == ("no_action", {"card": "score", "hello": "fallback"}, "hello")
    assert [differences(each, replayed(each, **made)) for each in (then, now)] == [(), ()]


TEXT = """\
currency: EUR
channels: {{web: {{}}, email: {{outbound: true}}}}
placements: {{home: {{channel: web, fallback: card{placement}}}}}
contact_policy: {{{policy}}}
actions:
  card: {{issue: grow, group: cards, value: 1, treatments: {{banner: {{channel: web}}}}{action}}}
"""


def text(**parts):
    return TEXT.format(**{"placement": "", "policy": "", "action": "", **parts})


def test_limits_of_time_are_read_from_the_file():
    policy = (
        "time_zone: Europe/Berlin, time_zone_feature: zone, caps: [{scope: channel, at_most: 2, per: week}], "
        'quiet_hours: [{starts: "21:00", ends: "08:30", channels: [email]}]'
    )
    action = ", valid_from: 2026-12-01, valid_until: 2026-12-24, transactional: true"
    catalog = read_catalog(text(policy=policy, action=action), features=["zone"])
    read, card = catalog.contact_policy, catalog.actions["card"]
    assert read.caps == (Cap("channel", 2, per="week"),)
    assert read.quiet_hours == (QuietHours(time(21), time(8, 30), ("email",)),)
    assert (read.time_zone, read.time_zone_feature) == ("Europe/Berlin", "zone")
    assert (card.valid_from, card.valid_until) == (
        datetime(2026, 12, 1, tzinfo=UTC),
        datetime(2026, 12, 25, tzinfo=UTC),
    )
    assert card.transactional
    assert catalog.placements["home"].fallback == "card"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"policy": "caps: [{scope: channel, at_most: 2}]"}, "either within_days or per"),
        ({"policy": "caps: [{scope: channel, at_most: 2, per: year}]"}, "'day', 'week' or 'month'"),
        ({"policy": "caps: [{scope: channel, at_most: 2, per: day, within_days: 1}]"}, "either within_days or per"),
        ({"policy": "time_zone: Mars/Base"}, "a time zone of the IANA database"),
        ({"policy": "time_zone_feature: zonne"}, "unknown feature 'zonne', did you mean zone?"),
        ({"policy": 'quiet_hours: [{starts: "25:00", ends: "08:00"}]'}, "a time of day in quotes"),
        ({"policy": "quiet_hours: [{starts: 21, ends: 8}]"}, "a time of day in quotes"),
        ({"policy": 'quiet_hours: [{starts: "21:00+02:00", ends: "08:00"}]'}, "without an offset from UTC"),
        ({"policy": 'quiet_hours: [{starts: "21:00", ends: "08:00", channels: [fax]}]'}, "unknown channel 'fax'"),
        ({"action": ", valid_from: soon"}, "a day such as 2026-12-01"),
        ({"action": ", valid_from: 2026-12-01T09:00:00"}, "an offset from UTC"),
        ({"action": ", valid_from: 2026-12-02, valid_until: 2026-12-01T00:00:00Z"}, "ends before it begins"),
        ({"placement": "s"}, "unknown action 'cards', did you mean card?"),
    ],
)
def test_limits_that_make_no_sense_are_named_with_what_is_allowed(parts, said):
    with pytest.raises(CatalogError, match=said.replace("?", r"\?")):
        read_catalog(text(**parts), features=["zone"])
