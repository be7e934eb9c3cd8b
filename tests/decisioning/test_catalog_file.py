from datetime import timedelta

import pytest

from decisioning.action import Conversion
from decisioning.catalog import Cap, ContextWeight, Exploration, Hold, HoldoutArms, Rest
from decisioning.catalog_file import read_catalog
from decisioning.catalog_yaml import MAX_LENGTH
from decisioning.eligibility import compile_catalog
from decisioning.errors import CatalogError

GOOD = """\
currency: EUR
purposes: {marketing: {consent: true}, service: {consent: false}}
channels:
  web: {consent: opt_out}
  email: {outbound: true, consent: opt_in}
placements:
  web_home: {channel: web, reservation_seconds: 900, limit: 2}
  mail: {channel: email, impressions: implied, must_fill: true, explore: false}
exploration: {epsilon: 0.2, epsilon_without_bundle: 1.0}
holdout: {salt: bank-2026, shares: {hold_out: 0.02, random_eligible: 0.03}}
contact_policy:
  caps:
    - {scope: customer, at_most: 3, within_days: 7}
    - {scope: channel, only: email, at_most: 1, within_days: 30}
  rests:
    - {after: reject, times: 2, within_days: 30, rest_days: 60}
  holds:
    - {name: sales conversation, condition: "open_sales_contacts > 0", issues: [grow]}
context_weights:
  - {issue: retain, condition: "context.intent = 'cancellation'", weight: 2.0}
actions:
  credit_card:
    issue: grow
    group: cards
    value: 80
    window_days: 10
    eligibility: "age >= 18"
    applicability: "owns_credit_card = 0 OR owns_credit_card IS NULL"
    starting: {propensity: 0.02, evidence: 50}
    conversion: {event: Order Completed, where: {product: credit_card, first: true, count: 1}}
    treatments:
      banner: {channel: web, placements: [web_home]}
      mail: {channel: email, cost: 0.02}
  call_back:
    issue: retain
    group: service
    purpose: service
    value: 12.5
    treatments:
      mail: {channel: email}
"""


def test_a_catalogue_is_read_whole():
    catalog = read_catalog(GOOD)
    card = catalog.actions["credit_card"]
    assert (card.name, card.issue, card.value, card.window) == ("credit_card", "grow", 80.0, timedelta(days=10))
    assert (card.starting_propensity, card.starting_evidence, card.lever) == (0.02, 50.0, 1.0)
    assert card.conversion == Conversion("Order Completed", {"product": "credit_card", "first": True, "count": 1})
    assert [(each.name, each.channel, each.cost) for each in card.treatments] == [
        ("banner", "web", 0.0),
        ("mail", "email", 0.02),
    ]
    assert card.treatments[0].placements == {"web_home"}
    assert catalog.channels["email"].outbound
    assert catalog.placements["mail"].must_fill
    assert catalog.placements["web_home"].reservation == timedelta(minutes=15)
    assert catalog.purposes == {"marketing": True, "service": False}
    assert catalog.exploration == Exploration(0.2, 1.0)
    assert catalog.holdout == HoldoutArms("bank-2026", {"hold_out": 0.02, "random_eligible": 0.03})
    assert catalog.context_weights == (ContextWeight("retain", "context.intent = 'cancellation'", 2.0),)


def test_a_temperature_is_read_and_is_of_another_policy():
    soft = read_catalog(GOOD.replace("epsilon: 0.2", "epsilon: 0.2, temperature: 1.5"))
    assert soft.exploration == Exploration(0.2, 1.0, temperature=1.5)
    versions = {compile_catalog(each).policy_version for each in (soft, read_catalog(GOOD))}
    assert len(versions) == 2


def test_the_contact_policy_is_read_whole():
    policy = read_catalog(GOOD).contact_policy
    assert policy.caps == (
        Cap("customer", 3, timedelta(days=7)),
        Cap("channel", 1, timedelta(days=30), only="email"),
    )
    assert policy.rests == (Rest("reject", 2, timedelta(days=30), timedelta(days=60)),)
    assert policy.holds == (Hold("sales conversation", "open_sales_contacts > 0", ("grow",)),)


def test_conditions_may_read_the_features_that_exist():
    assert read_catalog(GOOD, features=["age", "owns_credit_card", "open_sales_contacts"]).actions


def test_the_version_is_of_the_content_alone():
    version = read_catalog(GOOD).version
    assert len(version) == 12
    assert int(version, 16) >= 0
    reordered = GOOD.replace("currency: EUR\n", "# a comment\n") + "currency: EUR\narbitration: incremental_value\n"
    assert read_catalog(reordered).version == version
    assert read_catalog(GOOD.replace("value: 80", "value: 80.0")).version == version
    assert read_catalog(GOOD.replace("value: 80", "value: 81")).version != version


BAD = {
    "a number written as a word": (
        "value: 80",
        "value: eighty",
        25,
        "credit_card.value: got 'eighty', expected a number",
    ),
    "a negative value": ("value: 80", "value: -1", 25, "got -1, expected a number greater than or equal to 0"),
    "a value that is no number": ("value: 80", "value: .nan", 25, "got nan, expected a finite number"),
    "a field with a typo": (
        "value: 80",
        "valeu: 80",
        25,
        "credit_card.valeu: unknown field 'valeu', did you mean value?",
    ),
    "a field that is missing": (
        "    group: cards\n",
        "",
        22,
        "credit_card.group: is missing; fields here are issue, group",
    ),
    "a text where a mapping belongs": (
        "{epsilon: 0.2, epsilon_without_bundle: 1.0}",
        "high",
        9,
        "exploration: got 'high', expected a mapping with the fields epsilon, epsilon_without_bundle",
    ),
    "an epsilon above one": (
        "epsilon: 0.2",
        "epsilon: 1.2",
        9,
        "exploration.epsilon: got 1.2, expected a number less than or eq",
    ),
    "a currency in lower case": ("currency: EUR", "currency: eur", 1, "currency: got 'eur'"),
    "an unknown consent rule": (
        "consent: opt_out",
        "consent: ask",
        4,
        "web.consent: got 'ask', expected 'none', 'opt_in'",
    ),
    "a channel that does not exist": (
        "{channel: web, placements",
        "{channel: wep, placements",
        32,
        "'wep', did you mean web",
    ),
    "a placement that does not exist": (
        "[web_home]",
        "[web_hme]",
        32,
        "unknown placement of channel web 'web_hme', did you",
    ),
    "a placement of another channel": (
        "[web_home]",
        "[mail]",
        32,
        "unknown placement of channel web 'mail'; allowed are web_",
    ),
    "a placement in no channel": (
        "{channel: web, res",
        "{channel: tv, res",
        7,
        "web_home.channel: unknown channel 'tv'; allowed are em",
    ),
    "a cap on what does not exist": (
        "only: email",
        "only: fax",
        14,
        "caps[1].only: unknown channel 'fax'; allowed are email, web",
    ),
    "a cap scope that does not exist": (
        "scope: customer",
        "scope: person",
        13,
        "got 'person', expected 'action', 'group', 'ch",
    ),
    "a customer cap on one thing": (
        "customer, at_most",
        "customer, only: web, at_most",
        13,
        "a customer cap counts every",
    ),
    "a cap of no days": (
        "at_most: 3, within_days: 7",
        "at_most: 3, within_days: 0",
        13,
        "got 0, expected a number greater than 0",
    ),
    "a rest after nothing known": ("after: reject", "after: refuse", 16, "unknown outcome type 'refuse'"),
    "a hold on an unknown issue": (
        "issues: [grow]",
        "issues: [growth]",
        18,
        "issues: unknown issue 'growth', did you mean grow",
    ),
    "a weight on an unknown issue": (
        "issue: retain, cond",
        "issue: keep, cond",
        20,
        "context_weights[0].issue: unknown issue",
    ),
    "a condition that calls": (
        '"age >= 18"',
        '"sqrt(age) > 4"',
        27,
        'eligibility: condition "sqrt(age) > 4": SQRT(age) is not',
    ),
    "a condition on no feature": ('"age >= 18"', '"agee >= 18"', 27, "unknown feature 'agee'; nearest are age"),
    "a hold that cannot be read": (
        "open_sales_contacts > 0",
        "open_sales_contacts >",
        18,
        "holds[0].condition: condition",
    ),
    "the reserved action": ("  call_back:", "  no_action:", 34, "'no_action' is reserved for doing nothing"),
    "shares above one": (
        "random_eligible: 0.03",
        "random_eligible: 0.99",
        10,
        "shares add up to 1.01, at most 1 is allowed",
    ),
    "an unknown holdout arm": ("random_eligible", "random", 10, "unknown holdout arm 'random'; allowed are eli"),
    "a share below zero": (
        "hold_out: 0.02",
        "hold_out: -0.02",
        10,
        "got -0.02, expected a number greater than or equal to 0",
    ),
    "a key given twice": ("  call_back:", "  credit_card:", 34, "actions.credit_card: given twice, first on line 22"),
    "a name with a space": (
        "  call_back:",
        "  call back:",
        34,
        "'call back' is no name; a letter, then letters, digits",
    ),
    "a key that YAML reads as false": ("  call_back:", "  no:", 34, "the key 'no' is not a text; write it in quotes"),
    "no treatments": ("    treatments:\n      mail: {channel: email}\n", "    treatments: {}\n", 39, "got {}, "),
    "a window of a lifetime": (
        "window_days: 10",
        "window_days: 99999",
        26,
        "got 99999, expected a number less than or equal to 3650",
    ),
    "an evidence of nothing": (
        "evidence: 50",
        "evidence: 0",
        29,
        "starting.evidence: got 0, expected a number greater than 0",
    ),
    "a conversion on a list": (
        "product: credit_card",
        "product: [a]",
        30,
        "where.product: got ['a'], expected a text, a number",
    ),
    "a true instead of a number": ("cost: 0.02", "cost: true", 33, "mail.cost: got True, expected a number"),
    "an alias": ("{channel: email, cost: 0.02}", "*banner", 33, "aliases (*name) are not allowed"),
    "a bracket left open": ("limit: 2}", "limit: 2", 8, "not YAML: "),
    "a tag": ("currency: EUR", "currency: !!python/object/apply:os.getcwd []", 1, "currency: "),
    "a date": ("currency: EUR", "currency: 2020-13-45", 1, "currency: cannot be read: month must be in 1..12"),
}


@pytest.mark.parametrize(("good", "bad", "line", "message"), BAD.values(), ids=BAD.keys())
def test_a_bad_catalogue_is_refused_with_its_line_and_what_is_expected(good, bad, line, message):
    assert good in GOOD
    with pytest.raises(CatalogError) as error:
        read_catalog(
            GOOD.replace(good, bad, 1),
            source="shop/catalog.yaml",
            features=["age", "owns_credit_card", "open_sales_contacts"],
        )
    told = [each for each in error.value.message.splitlines() if each.startswith(f"shop/catalog.yaml:{line}: ")]
    assert any(message in each for each in told), error.value.message
    assert error.value.code == "invalid_catalog"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "currency: is missing"),
        ("[]", "the file: got [], expected a mapping"),
        ("just words", "the file: got 'just words', expected a mapping"),
        ("a: 1\n---\na: 2", "not YAML: but found another document"),
        ("a: 'open", "not YAML: found unexpected end of stream"),
        ("\x00", "not YAML: "),
        ("[" * 5000, "not YAML: "),
        ("{a: " * 30 + "1" + "}" * 30, "nested deeper than 20 levels"),
        ("#" * (MAX_LENGTH + 1), "characters, at most"),
        ("actions: {}", "actions: got {}, "),
    ],
)
def test_what_is_no_catalogue_at_all_is_refused_in_one_line(text, message):
    with pytest.raises(CatalogError) as error:
        read_catalog(text)
    assert message in error.value.message


def test_all_problems_are_told_in_the_order_of_the_file():
    bad = GOOD.replace("epsilon: 0.2", "epsilon: 2").replace("value: 80", "value: x").replace("EUR", "euro")
    with pytest.raises(CatalogError) as error:
        read_catalog(bad)
    assert [line.split(": ")[1] for line in error.value.message.splitlines()] == [
        "currency",
        "exploration.epsilon",
        "actions.credit_card.value",
    ]
    assert error.value.field == "currency"


def test_at_most_ten_problems_are_spelled_out():
    many = "".join(f"  a{n}: {{issue: 1, group: g, value: 1, treatments: {{}}}}\n" for n in range(12))
    with pytest.raises(CatalogError) as error:
        read_catalog(GOOD + many)
    assert len(error.value.message.splitlines()) == 11
    assert error.value.message.endswith("... and 14 more problems")
