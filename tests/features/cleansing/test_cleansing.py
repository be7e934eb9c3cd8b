"""Cleansing reads values of known kinds, and never loses or guesses one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.cleansing.cleanser import Cleansing
from features.cleansing.kind import TEXTS
from features.workspace import Workspace, WorkspaceError

SPAIN = Cleansing(default_country="ES", date_order="DMY", kinds={"balance": "amount", "mobile_2": "phone"})

CLEAN = [
    ("phone", "600 11 22 33", {}, "+34600112233"),
    ("phone", 600112233, {}, "+34600112233"),
    ("phone", "0044 20 7946 0958", {}, "+442079460958"),
    ("phone", "020 7946 0958", {"country": "United Kingdom"}, "+442079460958"),
    ("phone", "020 7946 0958", {"address": {"country": "GB"}}, "+442079460958"),
    ("mobile_2", "600-112-233", {}, "+34600112233"),
    ("email", " Ana.Ruiz@EXAMPLE.org", {}, "ana.ruiz@example.org"),
    ("name", "RUIZ, ANA  MARÍA", {}, "Ana María Ruiz"),
    ("firstName", "ana", {}, "Ana"),
    ("last_name", "DE LA VEGA", {}, "de la Vega"),
    ("lastName", "McDonald", {}, "McDonald"),
    ("birthday", "1980-05-17", {}, "1980-05-17"),
    ("birthday", "17/05/1980", {}, "1980-05-17"),
    ("birthday", "5/17/1980", {}, "1980-05-17"),
    ("birthday", "03/04/1980", {}, "1980-04-03"),
    ("birthday", "1980/04/03", {}, "1980-04-03"),
    ("createdAt", "2026-03-01T10:00:00+01:00", {}, "2026-03-01T09:00:00Z"),
    ("postal_code", "28 004", {}, "28004"),
    ("postalCode", "1234567", {"country": "PT"}, "1234-567"),
    ("zip", "941051234", {"country": "US"}, "94105-1234"),
    ("country", "España", {}, "ES"),
    ("country", "GBR", {}, "GB"),
    ("currency", "Euro", {}, "EUR"),
    ("balance", "1.234,50 €", {}, {"amount": "1234.50", "currency": "EUR"}),
    ("balance", "1234.5", {"currency": "usd"}, {"amount": "1234.5", "currency": "USD"}),
    ("balance", 1234.567, {}, {"amount": "1234.567", "currency": None}),
    ("city", "San  Sebastián ", {}, "San Sebastián"),
    ("address", {"street": "Mayor  1", "zip": "28004"}, {}, {"street": "Mayor 1", "zip": "28004"}),
    ("address", "Mayor  1, Madrid", {}, "Mayor 1, Madrid"),
]
NOTED = [
    ("phone", "12", "no telephone number"),
    ("phone", "call me", "no telephone number"),
    ("phone", True, "no phone"),
    ("email", "ana at example.org", "no e-mail address"),
    ("email", "n/a", "stands for nothing"),
    ("name", "ana@example.org", "no name of a person"),
    ("birthday", "17/05/80", "no day with a year of four digits"),
    ("birthday", "May 1980", "no day"),
    ("birthday", "31/02/1980", "no day"),
    ("createdAt", "2026-03-01T10:00:00", "a moment without its offset from UTC"),
    ("postal_code", "2800", "no postal code of ES"),
    ("country", "Narnia", "no country"),
    ("currency", "chips", "no currency"),
    ("balance", "12 chips", "an amount in no known currency"),
    ("balance", "1.234.5", "no amount"),
    ("city", "x" * 600, "longer than 512 characters"),
    ("address", {"zip": "1", "country": "FR"}, "zip: no postal code of FR"),
]


@pytest.mark.parametrize(("field", "raw", "beside", "value"), CLEAN)
def test_a_value_is_read_by_its_kind_its_country_and_what_stands_beside_it(field, raw, beside, value):
    verdict = SPAIN.clean(field, raw, beside)
    assert (verdict.value, verdict.usable) == (value, True)
    assert bool(verdict.rule) == (verdict.value != raw and str(raw) != verdict.value)


@pytest.mark.parametrize(("field", "raw", "note"), NOTED)
def test_what_cannot_be_cleansed_stays_as_it_was_sent_with_a_note(field, raw, note):
    verdict = SPAIN.clean(field, raw, {})
    assert verdict.note == note
    assert verdict.value == raw


@pytest.mark.parametrize(
    ("field", "raw"), [("phone", "600112233"), ("birthday", "03/04/1980"), ("postal_code", "28004")]
)
def test_nothing_is_guessed_where_the_workspace_does_not_say_how_to_read_it(field, raw):
    assert not Cleansing().clean(field, raw, {}).usable


@pytest.mark.parametrize("raw", [None, {"name": "Acme"}, ["a"], 7, True, "as it is"])
def test_traits_of_no_known_kind_and_companies_stay_as_they_are(raw):
    assert SPAIN.clean("shoe_size", raw, {}) == (raw, "", "")
    assert SPAIN.clean("company", raw if not isinstance(raw, int) else None, {}).usable


@given(st.sampled_from(sorted(TEXTS)), st.text(max_size=40), st.sampled_from(["", "ES", "US", "JP"]))
def test_any_text_gives_a_verdict_and_cleansing_again_changes_nothing(kind, text, country):
    cleansing = Cleansing(default_country=country, kinds={"it": kind})
    once = cleansing.clean("it", text, {})
    assert once.usable or once.value == text
    if once.usable and isinstance(once.value, str):
        assert cleansing.clean("it", once.value, {}).value == once.value


@pytest.mark.parametrize(
    ("line", "said"), [('default_country = "Spain"', "default_country"), ('kinds = {a = "fax"}', "cleansing.kinds.a")]
)
def test_a_mistake_in_the_workspace_is_named(tmp_path, line, said):
    (tmp_path / "tsugi.toml").write_text(f'[workspace]\nname = "shop"\n[cleansing]\n{line}\n')
    with pytest.raises(WorkspaceError, match=said):
        Workspace.load(tmp_path)
