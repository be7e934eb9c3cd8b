"""One call for several placements is several decisions of one moment: none of them ends the window of another."""

import asyncio
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from ledger_builders import an_event
from log_builder import CATALOG, DAY, GOAL, LATER
from plain_decision_log import plain_decision_log
from uncounted import Uncounted

from pipelines.composition import compose
from serving.decision_log import DecisionDesk
from serving.reading import read
from serving.schemas import DecisionBody
from training.decision_log import read_decision_log

WORKSPACE = """
[workspace]
name = "shop"

[goal]
window_days = 7

[[goal.rewards]]
event = "Order Completed"
amount = "margin"
"""
SHOP = """
currency: EUR
exploration: {epsilon: 0.3, epsilon_without_bundle: 0.3}
channels: {web: {}}
placements:
  top: {channel: web, limit: 1, must_fill: true, impressions: implied}
  side: {channel: web, limit: 1, must_fill: true, impressions: implied}
  foot: {channel: web, limit: 1, must_fill: true, impressions: implied}
actions:
  tea: {issue: grow, group: tea, value: 8, treatments: {banner: {channel: web}}}
  cup: {issue: grow, group: tea, value: 7, treatments: {banner: {channel: web}}}
  pot: {issue: grow, group: pots, value: 6, treatments: {banner: {channel: web}}}
"""


def test_what_a_page_earns_counts_for_each_of_its_placements(tmp_path):
    (tmp_path / "tsugi.toml").write_text(WORKSPACE)
    (tmp_path / "catalog.yaml").write_text(SHOP)
    with compose(tmp_path / "home", tmp_path) as composition:
        ports = composition.ports()
        desk = DecisionDesk(lambda: ports, composition.decisions, lambda: datetime.now(UTC), Uncounted())
        body = {"request_id": "page", "customer": {"user_id": "u"}, "placements": ["top", "side", "foot"]}
        answer = orjson.loads(asyncio.run(desk.answer_all(read(DecisionBody, body).requests(), body)))
        assert len(answer["further"]) == 2
        later = datetime.now(UTC) + timedelta(days=1)
        order = an_event("o", "Order Completed", timestamp=later.isoformat(), userId="u", properties={"margin": 30.0})
        assert composition.intake.accept([order], received_at=later).accepted == 1
        frame = read_decision_log(
            composition.ledger,
            composition.catalog.catalog,
            composition.workspace.goal,
            as_of=later + timedelta(days=30),
            feature_names=(),
        )
    assert frame.reward.tolist() == [30.0, 30.0, 30.0]


def three_on_a_page(log, *, seconds, call="p"):
    """One call for three placements, each decided a moment after the one before."""
    for place in range(3):
        name = f"{call}-{place}"
        request_id = call if place == 0 else f"{call}#{place + 1}"
        log.decide(name, seconds=seconds + place / 100, request_id=request_id)


def test_the_next_call_ends_the_windows_of_all_placements_at_once(log):
    three_on_a_page(log, seconds=0, call="first")
    three_on_a_page(log, seconds=DAY, call="second")
    log.order("o", seconds=DAY / 2)
    log.order("p", seconds=2 * DAY)
    frame = log.frame()
    assert frame.reward.tolist() == [30.0] * 6
    assert set(frame.ends_us[:3]) == {frame.decided_us[3]}
    names = ("age", "segment", "income")
    plain = plain_decision_log(log.ledger, CATALOG, GOAL, as_of=LATER, feature_names=names)
    assert frame.fingerprint == plain.fingerprint


def test_of_a_sample_windows_are_those_of_all_decisions(log):
    three_on_a_page(log, seconds=0, call="first")
    three_on_a_page(log, seconds=DAY, call="second")
    log.order("o", seconds=DAY / 2)
    sample = log.frame(most=3)
    assert sample.decision_id.tolist() == ["d-first-0", "d-first-2", "d-second-2"]
    assert sample.reward.tolist() == [30.0, 30.0, 0.0]


def test_another_call_between_two_placements_ends_the_window_of_the_first(log):
    log.decide("1", request_id="a")
    log.decide("2", seconds=1, request_id="b")
    log.decide("3", seconds=2, request_id="a#2")
    log.order("o", seconds=3)
    assert log.frame().converted[:, 0].tolist() == [False, False, True]


def test_of_two_customers_the_same_request_id_is_no_call(log):
    log.decide("1", request_id="a")
    log.decide("2", seconds=1, request_id="a#2", user="u-2")
    log.decide("3", seconds=2, request_id="c")
    log.order("o", seconds=3)
    assert log.frame().converted[:, 0].tolist() == [False, False, True]


@pytest.mark.parametrize("own", ["a#1", "a#11", "a#x", "b#2"])
def test_an_id_that_only_looks_like_a_further_placement_is_the_next_decision(log, own):
    log.decide("1", request_id="a")
    log.decide("2", seconds=1, request_id=own)
    log.order("o", seconds=3)
    assert log.frame().converted[:, 0].tolist() == [False, True]
