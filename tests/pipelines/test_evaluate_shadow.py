"""What a shadow would have chosen is counted and valued; a canary decides from the command line too."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from decisioning.customer import CustomerReference
from decisioning.decide import decide
from decisioning.decision import DecisionRequest
from decisioning.errors import NotFoundError
from decisioning.rollout import draw_of
from pipelines.champion import champion_scorer
from pipelines.clock import SimulatedClock
from pipelines.composition import compose
from pipelines.decide import decide_once
from pipelines.evaluate_shadow import evaluate_shadow, shadow_in_words
from pipelines.rollout import rollout_of
from training.artifact import verify, write_bundle
from training.constant import ConstantBundle, ConstantEntry
from training.publication import publish, publish_challenger
from training.shadow import read_shadowed

WORKSPACE = Path(__file__).parents[1] / "serving" / "workspace"
BEGAN = datetime(2026, 9, 1, tzinfo=UTC)
NOW = datetime(2026, 10, 1, tzinfo=UTC)


def a_bundle(folder, **values):
    entries = {name: ConstantEntry(name, value, 1.0, value / 10, 100) for name, value in values.items()}
    write_bundle(ConstantBundle("", "", entries), folder, created_at=BEGAN)
    return folder


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr("training.publication.verify_in_subprocess", verify)
    publish(a_bundle(tmp_path / "champion", coffee=1.0, greeting=0.5), tmp_path / "home", number=1)
    return tmp_path / "home"


def challenge(tmp_path, home, share):
    return publish_challenger(a_bundle(tmp_path / "other", coffee=0.3, greeting=0.7), home, share=share, number=2)


def an_order(place, decision):
    at = (decision.decided_at + timedelta(hours=2)).isoformat()
    properties = {"margin": 9.0, "order_id": f"{place}"}
    named = {"userId": f"u-{place}", "messageId": f"o-{place}", "timestamp": at}
    return {"type": "track", "event": "Order Completed", **named, "properties": properties}


def lived(home, n):
    """Decisions for n customers, of whom those that are shown the greeting buy for 9."""
    clock = SimulatedClock(BEGAN)
    with compose(home, WORKSPACE, clock=clock) as composition:
        composition.scorer = champion_scorer(home)
        ports = replace(composition.ports(), rollout=rollout_of(home))
        decided = []
        for place in range(n):
            clock.move(BEGAN + timedelta(minutes=place))
            reference = CustomerReference("user_id", f"u-{place}")
            decided.append(
                decide(DecisionRequest(f"r-{place}", reference, "web_home", "web"), ports=ports, now=clock())
            )
        clock.move(BEGAN + timedelta(days=1))
        bought = [an_order(place, each) for place, each in enumerate(decided) if each.chosen == "greeting"]
        composition.send(bought, [])
    return decided


def test_where_a_shadow_differs_is_counted_and_what_it_is_worth_is_estimated(tmp_path, home):
    pointer = challenge(tmp_path, home, 0.0)
    decided = lived(home, 400)
    report = evaluate_shadow(home, WORKSPACE, as_of=NOW)
    assert report.bundle == pointer.version
    differ = [each for each in decided if each.shadow.chosen != each.chosen]
    found = report.differences
    assert (found.overall.decisions, found.overall.differing) == (400, len(differ))
    assert found.swaps == [("coffee", "greeting", len(differ))]
    assert found.by_placement["web_home"] == found.overall
    assert found.by_action["greeting"].differing == 0
    assert found.overall.moved == pytest.approx(0.9)  # 0.95 and 0.05 against 0.05 and 0.95
    value = report.evaluation.policies["challenger"].capped.doubly_robust
    assert value.low < 0.95 * 9.0 < value.high
    gap = report.evaluation.policies["challenger"].differences["champion"].estimate
    assert gap.low > 0
    told = shadow_in_words(report)
    assert f"coffee → greeting: {len(differ)}" in told
    assert ("cannot tell" in told) == bool(report.cannot_tell)


def test_too_few_that_are_over_are_told_apart_but_not_valued(tmp_path, home):
    challenge(tmp_path, home, 0.0)
    lived(home, 20)
    report = evaluate_shadow(home, WORKSPACE, as_of=NOW)
    assert report.differences.overall.decisions == 20
    assert report.evaluation is None
    assert report.cannot_tell == ("20 of the shadowed decisions are over; 100 are needed",)


def test_without_a_shadow_there_is_nothing_to_look_at(home):
    lived(home, 3)
    with pytest.raises(NotFoundError, match="no decision was shadowed"):
        evaluate_shadow(home, WORKSPACE, as_of=NOW)


def test_the_command_line_decides_by_a_canary_for_its_share_and_by_the_champion_for_the_rest(tmp_path, home):
    version = challenge(tmp_path, home, 0.5).version
    champion = champion_scorer(home).version
    for place in range(12):
        told = decide_once(home, WORKSPACE, f"user_id:u-{place}", "web_home")
        taken = draw_of(told["customer_id"], version) < 0.5
        assert told["versions"]["bundle"] == (version if taken else champion)
        assert told["shadow"] is None


def test_the_command_line_records_what_a_shadow_would_have_chosen(tmp_path, home):
    version = challenge(tmp_path, home, 0.0).version
    told = decide_once(home, WORKSPACE, "user_id:u-1", "web_home")
    assert told["shadow"]["bundle"] == version
    with compose(home, WORKSPACE) as composition:
        (only,) = read_shadowed(composition.ledger)
    assert (only.chosen, only.would) == (told["chosen"], told["shadow"]["chosen"])


def test_an_altered_challenger_is_left_out_and_that_is_said(tmp_path, home):
    version = challenge(tmp_path, home, 1.0).version
    (home / "bundles" / version / "bundle.json").write_text("{}")
    said = []
    told = decide_once(home, WORKSPACE, "user_id:u-1", "web_home", say=said.append)
    assert told["versions"]["bundle"] == champion_scorer(home).version
    assert "the challenger is left out" in said[0]
