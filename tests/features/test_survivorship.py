"""Survivorship: which claim on a field is the golden record's, for each rule, whatever the order of arrival."""

from functools import cmp_to_key

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.claim import Claim
from features.cleansing.verdict import Cleansed
from features.override import Override
from features.survivorship import FieldRule, Survivorship, ranked
from features.workspace import Workspace, WorkspaceError

TRUST = {"crm": 5.0, "shop": 3.0, "list": 1.0}.__getitem__
ANA = Override("ana", "she called")


def said(value, at=0, source="shop", **changes):
    fields = {"cleansed": Cleansed(value), "message_id": f"m-{at}-{source}", "occurred_us": at}
    return Claim(value, source=source, **{**fields, **changes})


def survivor(rule, *claims, order=()):
    best = ranked(claims, FieldRule(rule=rule, order=order), TRUST)
    return best[0].raw if best else "nothing"


def test_the_most_recent_value_survives():
    assert survivor("most_recent", said("old", 1, "crm"), said("new", 2, "list")) == "new"


def test_the_most_trusted_source_survives_then_its_newest_value():
    claims = [said("bought", 9, "list"), said("called", 1, "crm"), said("met", 2, "crm"), said("typed", 8, "shop")]
    assert survivor("most_trusted", *claims) == "met"


def test_an_order_of_sources_stands_before_trust():
    claims = [said("bought", 1, "list"), said("called", 2, "crm"), said("typed", 3, "shop")]
    assert survivor("most_trusted", *claims, order=("list", "shop")) == "bought"
    assert survivor("most_trusted", *claims[1:], order=("list",)) == "called"


def test_the_most_frequent_value_survives_as_it_is_read_and_the_newest_of_equals():
    raw = [said("ANA", 1, cleansed=Cleansed("Ana")), said("Ana", 2), said("Anna", 3), said("Annie", 4)]
    assert survivor("most_frequent", *raw) == "Ana"
    assert survivor("most_frequent", *raw[2:]) == "Annie"


def test_the_longest_value_survives():
    assert survivor("longest", said("Ana María Ruiz", 1), said("A. Ruiz", 2)) == "Ana María Ruiz"


@pytest.mark.parametrize("rule", ["most_recent", "most_trusted", "most_frequent", "longest"])
def test_a_value_that_cannot_be_cleansed_never_beats_one_that_can(rule):
    broken = said("call me maybe, call me", 9, "crm", cleansed=Cleansed("call me maybe, call me", note="no number"))
    assert survivor(rule, broken, said("+34600112233", 1, "list")) == "+34600112233"
    assert survivor(rule, broken) == "call me maybe, call me"


@pytest.mark.parametrize("rule", ["most_recent", "most_trusted", "most_frequent", "longest"])
def test_a_null_withdraws_what_its_source_said_before(rule):
    claims = [said("Ube", 1), said("Ube", 2), said(None, 3)]
    assert survivor(rule, *claims) is None
    assert survivor(rule, *claims, said("Oka", 4)) == "Oka"


@pytest.mark.parametrize("rule", ["most_frequent", "longest"])
def test_where_values_are_counted_or_measured_another_sources_null_withdraws_nothing(rule):
    assert survivor(rule, said("Ube", 1), said(None, 2, "crm")) == "Ube"


@pytest.mark.parametrize("rule", ["most_recent", "most_trusted", "most_frequent", "longest"])
def test_an_override_survives_every_rule_until_it_is_taken_back(rule):
    claims = [said("Ube", 1), said("Ube", 9, "crm")]
    first, second = (said(value, at, "manual", override=ANA) for value, at in (("Oka", 2), ("Abu", 3)))
    removal = said(None, 4, "manual", override=ANA._replace(removed=True))
    assert survivor(rule, *claims, first, second) == "Abu"
    assert survivor(rule, *claims, first, second, removal) == "Ube"
    assert survivor(rule, first, removal) == "nothing"


def claims():
    drawn = st.tuples(
        st.sampled_from(["a", "bb", "a", None, "ccc"]), st.integers(0, 4), st.sampled_from(["crm", "shop", "list"]),
        st.sampled_from(["", "", "not one"]), st.sampled_from([None, None, None, ANA, ANA._replace(removed=True)]),
    )  # fmt: skip
    return st.lists(drawn, max_size=7).map(
        lambda rows: [
            said(value, at, source, message_id=f"m-{n}", cleansed=Cleansed(value, note=note), override=override)
            for n, (value, at, source, note, override) in enumerate(rows)
        ]
    )


def plainly(given, rule):
    """The survivor, found by asking of every pair which one is better; the rules in the words of the docs."""
    ordinary = [claim for claim in given if not claim.override]
    counted = rule in ("most_frequent", "longest")

    def emptied(claim):
        later = [other for other in ordinary if other.source == claim.source and other.at >= claim.at]
        return counted and any(other.raw is None for other in later)

    def times(claim):
        usable = [other for other in ordinary if not other.cleansed.note and not emptied(other)]
        return sum(other.cleansed.value == claim.cleansed.value for other in usable)

    def better(one, other):
        def place(claim):
            if emptied(claim):
                return 1 + (claim.raw is None) / 2
            return 0 if claim.cleansed.note else 2

        measure = {
            "most_recent": lambda _: 0,
            "most_trusted": lambda claim: TRUST(claim.source),
            "most_frequent": times,
            "longest": lambda claim: len(claim.raw or ""),
        }[rule]
        keys = (place, measure if place(one) == place(other) == 2 else lambda _: 0, lambda claim: claim.at)
        for key in keys:
            if key(one) != key(other):
                return 1 if key(one) > key(other) else -1
        return 0

    manual = sorted((claim for claim in given if claim.override), key=lambda claim: claim.at)
    if manual and not manual[-1].override.removed:
        return manual[-1]
    return max(ordinary, key=cmp_to_key(better), default=None)


@given(claims(), st.sampled_from(["most_recent", "most_trusted", "most_frequent", "longest"]), st.randoms())
def test_one_claim_survives_whatever_the_order_and_it_is_the_one_a_plain_reading_finds(drawn, rule, random):
    best = ranked(drawn, FieldRule(rule=rule), TRUST)
    random.shuffle(drawn)
    assert ranked(drawn, FieldRule(rule=rule), TRUST) == best
    assert (best[0] if best else None) == plainly(drawn, rule)
    assert sorted(best, key=repr) == sorted(drawn if best else [], key=repr)


def test_the_workspace_names_the_rule_of_all_fields_and_of_single_ones(tmp_path):
    (tmp_path / "tsugi.toml").write_text(
        '[workspace]\nname = "shop"\n[golden_record]\nrule = "most_trusted"\n'
        '[golden_record.fields]\ncity = "longest"\nphone = {rule = "most_trusted", order = ["crm"]}\n'
    )
    rules = Workspace.load(tmp_path).golden_record
    assert [rules.rule_of(field).rule for field in ("city", "phone", "name")] == ["longest", *["most_trusted"] * 2]
    assert rules.rule_of("phone").order == ("crm",)


def test_an_unknown_rule_is_refused(tmp_path):
    (tmp_path / "tsugi.toml").write_text('[workspace]\nname = "shop"\n[golden_record.fields]\ncity = "loudest"\n')
    with pytest.raises(WorkspaceError, match=r"golden_record\.fields\.city\.rule"):
        Workspace.load(tmp_path)


def test_the_rule_of_all_fields_is_most_recent_by_default():
    assert Survivorship().rule_of("city") == FieldRule(rule="most_recent")
