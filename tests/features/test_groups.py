"""Groups: who belongs to a household or an account; membership never links identities."""

import pytest
from ledger_builders import NOW, an_event, at

from features.groups import GroupBook
from features.identity import IdentityGraph
from features.identity_merge import MergeBook
from features.identity_statement import Statement
from features.intake import Intake
from features.ledger import Ledger
from features.rebuild import rebuild

ANA, BEA = ("user_id", "u-1"), ("user_id", "u-2")


@pytest.fixture
def ledger(tmp_path):
    with Ledger(tmp_path / "ledger.db") as opened:
        yield opened


def joined(name, user="u-1", group="h-1", seconds=-60, **traits):
    moment = {"timestamp": at(seconds).isoformat()}
    return an_event(name, event=..., properties=..., type="group", userId=user, groupId=group, traits=traits, **moment)


def take(ledger, *events):
    return Intake(ledger).accept(events, received_at=NOW)


def who(ledger, identifier):
    return IdentityGraph(ledger).customer_of(identifier)


def test_members_of_a_group_are_known_and_stay_customers_of_their_own(ledger):
    take(ledger, joined("m-1", type="household"), joined("m-2", "u-2", seconds=-50))
    ana, bea = who(ledger, ANA), who(ledger, BEA)
    assert ana != bea
    assert GroupBook(ledger).members("h-1") == tuple(sorted((ana, bea)))
    assert GroupBook(ledger).others(ana) == (bea,)
    (group,) = GroupBook(ledger).of_customer(bea)
    assert (group.group_id, group.traits, group.since, group.n_members) == ("h-1", {"type": "household"}, at(-50), 2)


def test_the_newest_value_of_a_trait_counts_whoever_states_it(ledger):
    take(ledger, joined("m-2", "u-2", seconds=-10, city="Quito"), joined("m-1", seconds=-50, city="Lima", size=2))
    (group,) = GroupBook(ledger).of_customer(who(ledger, ANA))
    assert group.traits == {"city": "Quito", "size": 2}


def test_a_membership_ends_and_may_begin_again(ledger):
    take(ledger, joined("m-1"), joined("m-2", seconds=-50, member=False))
    assert GroupBook(ledger).of_customer(who(ledger, ANA)) == ()
    assert GroupBook(ledger).members("h-1") == ()
    take(ledger, joined("m-3", seconds=-40))
    (group,) = GroupBook(ledger).of_customer(who(ledger, ANA))
    assert group.since == at(-60)


def test_groups_of_one_kind_can_be_asked_for(ledger):
    take(ledger, joined("m-1", type="household"), joined("m-2", group="acme", type="account"))
    book, ana = GroupBook(ledger), who(ledger, ANA)
    assert [group.group_id for group in book.of_customer(ana)] == ["acme", "h-1"]
    assert [group.group_id for group in book.of_customer(ana, "household")] == ["h-1"]


def test_groups_follow_a_merge_and_come_back(ledger):
    take(ledger, joined("m-1", seconds=-70), joined("m-2", "u-2", group="h-2"))
    for verb, seconds, groups in (("merge", 1, ["h-1", "h-2"]), ("unmerge", 2, ["h-1"])):
        MergeBook(ledger).state([Statement(verb, ANA, BEA, at(seconds), "they say so")], received_at=NOW)
        assert [group.group_id for group in GroupBook(ledger).of_customer(who(ledger, ANA))] == groups


def test_a_rebuild_gives_the_same_groups(ledger):
    take(ledger, joined("m-1", type="household"), joined("m-2", "u-2"), joined("m-3", "u-2", "h-2", -40))
    before = [GroupBook(ledger).of_customer(who(ledger, name)) for name in (ANA, BEA)]
    rebuild(ledger)
    assert [GroupBook(ledger).of_customer(who(ledger, name)) for name in (ANA, BEA)] == before


@pytest.mark.parametrize(("group", "code"), [(..., "missing_field"), ("", "missing_field"), (["h"], "wrong_type")])
def test_a_group_event_without_its_group_is_rejected(ledger, group, code):
    receipt = take(ledger, joined("m-1", group=group), joined("m-2"))
    assert [(each.index, each.code, each.field) for each in receipt.rejected] == [(0, code, "groupId")]
    assert receipt.accepted == 1
