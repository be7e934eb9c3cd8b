"""Identity compares what cleansing reads: whatever cannot be cleansed links nobody."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from ledger_builders import NOW, an_identify

from decisioning.customer import CustomerReference
from features.cleansing.cleanser import Cleansing
from features.identifier import by_country, normal_email, normal_phone
from features.identity import IdentityGraph
from features.identity_rules import IdentityRules
from features.intake import Intake
from features.ledger import Ledger
from features.rebuild import rebuild

PIECES = [
    "ana",
    "A",
    "1",
    ".",
    "..",
    "-",
    "--",
    "_",
    "+",
    "@",
    "@",
    "x",
    "xn--",
    ".org",
    ".com",
    ".de",
    ".test",
    " ",
    "ñ",
]
DIGITS = ["+", "00", "34", "49", "600", "112233", "0151", "11", " ", "-", "(", ")", "/", "ext", "a"]


def read(kind, text, country=""):
    verdict = Cleansing(default_country=country).clean(kind, text, {})
    return verdict.value if verdict.usable else ""


@settings(deadline=None)
@given(st.one_of(st.text(max_size=30), st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.emails()))
@example("ana@example.org")
@example("a" * 70 + "@example.org")
def test_an_address_is_compared_as_it_is_cleansed(text):
    assert normal_email(text) == read("email", text)


@settings(deadline=None)
@given(
    st.one_of(st.text(max_size=20), st.lists(st.sampled_from(DIGITS), max_size=8).map("".join)),
    st.sampled_from(["", "ES", "DE"]),
)
def test_a_number_is_compared_as_it_is_cleansed(text, country):
    assert normal_phone(text, country) == read("phone", text, country)


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def customers(ledger, country, *traits):
    """Who has these traits, one user id each: 0 for the first customer, 1 for the second ..."""
    events = [an_identify(f"m-{n}", each, userId=f"u-{n}") for n, each in enumerate(traits)]
    rules = IdentityRules(country=country)
    Intake(ledger, rules=rules).accept(events, received_at=NOW)
    before = resolved(ledger, len(traits))
    rebuild(ledger, rules)
    assert resolved(ledger, len(traits)) == before
    return [before.index(customer) for customer in before]


def resolved(ledger, n):
    return [IdentityGraph(ledger).resolve(CustomerReference("user_id", f"u-{each}")) for each in range(n)]


def test_a_national_number_is_the_international_one_of_the_workspaces_country(ledger):
    assert customers(ledger, "ES", {"phone": "600 11 22 33"}, {"phone": "+34600112233"}) == [0, 0]
    asked = by_country(CustomerReference("phone", "600-112-233"), "ES")
    assert IdentityGraph(ledger).resolve(asked) == resolved(ledger, 1)[0]


def test_a_country_in_the_traits_beats_the_workspaces(ledger):
    german = {"phone": "0151 23456789", "country": "Germany"}
    assert customers(ledger, "ES", german, {"phone": "+4915123456789"}, {"phone": "600112233"}) == [0, 0, 2]


def test_without_any_country_a_national_number_links_nobody(ledger):
    assert customers(ledger, "", {"phone": "600112233"}, {"phone": "600112233"}) == [0, 1]


def test_an_address_that_is_none_links_nobody(ledger):
    broken = {"email": "ana@localhost", "email_verified": True}
    assert customers(ledger, "", broken, broken) == [0, 1]
